"""Deployments: planned as data, kept in a ledger, judged by samples, undone when anything is off.

packaging   from a commit to its bytes          promotion  DEV, the gates, SIT and PROD, hotfixes
preflight   looks before the first change       rollback   the way back
execution   the plan, and the engine            incidents  what people and tools learn
canary      traffic, metrics, judgement         display    deployments as people read them
ledger      record, lock and its verification   site       one service in one environment

`execution.plan` decides the steps (no I/O), `execution.engine` writes each one to the ledger before
it acts, `canary.traffic` moves weights, `canary.metering` reads samples, `canary.judgement` decides
from them. No function does two of moving, measuring and judging.
"""
