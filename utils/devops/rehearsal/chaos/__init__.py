"""`pipeline_test.py chaos`: bounded faults in dev, each undone, to see alarms and recovery work.

For each experiment: the service is steady; how to undo the fault is written down in the artifact
bucket, where any machine finds it; the fault is made; callers and alarms are watched; the fault is
undone whatever happened and that is verified; the service is steady again. What a killed process
left is undone by the next run, or by `--undo`.

`faults` makes and undoes, `records` remembers, `watching` looks, `run` brings them together.
"""
