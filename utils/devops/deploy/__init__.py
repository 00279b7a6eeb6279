"""Deployments: planned as data, kept in a ledger, judged by samples, undone when anything is off.

Who does what, and who must not: `plan` decides the steps (no I/O), `engine` walks them and writes
each one to the `ledger` before acting, `traffic` moves weights, `measure` reads samples,
`judgement` decides from them. No function does two of moving, measuring and judging.
"""
