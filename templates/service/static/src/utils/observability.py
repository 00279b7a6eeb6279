"""Logger, tracer and metrics of the service, configured by the `POWERTOOLS_*` variables."""

from __future__ import annotations

import os

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger()
tracer = Tracer()
# Without a namespace every call would fail; a function on a laptop has none.
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "local")
