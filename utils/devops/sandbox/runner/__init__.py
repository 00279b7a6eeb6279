"""The machine behind the sandbox's GitHub: it executes the jobs of workflow runs.

`run:` steps are executed as they stand. Actions are replaced by what they do for the steps after
them; one that has no replacement fails its job, so that nothing is taken for done.
"""
