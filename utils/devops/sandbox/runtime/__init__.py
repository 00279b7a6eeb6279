"""Runs deployed functions as Lambda does: the package, in a process of its own, reused while warm.

`deployed` says what is to run, `packages` puts its code on disk, `interpreters` finds a Python for
it, `process` is one worker and `child` what runs inside it, `pool` keeps workers warm, `execution`
is one invocation from payload to answer with its logs (`logs`) and metrics (`metrics`).
"""
