"""The checks of a workflow, one module a subject: functions from a workflow to findings."""
