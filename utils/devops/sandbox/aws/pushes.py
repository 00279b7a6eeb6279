"""Topics and event buses invoke functions the way AWS does: later, as asked for, with their events.

Moto knows Lambda neither as a target of rules nor with the events that topics send.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from moto.awslambda.models import lambda_backends
from moto.events.models import Rule
from moto.events.utils import EventTemplateParser
from moto.sns.models import Subscription

from sandbox.aws.errors import MOTO_ERRORS

if TYPE_CHECKING:
    from sandbox.aws.lambdas import SandboxLambdaBackend


def push(arn: str, event: Any) -> None:
    """Invoke the function of an ARN later; one that is gone is nobody's error, as on AWS."""
    _, _, _, region, account, *_ = arn.split(":")
    backend = cast("SandboxLambdaBackend", lambda_backends[account][region])
    try:
        backend.run_later(arn, None, json.dumps(event, default=str).encode())
    except MOTO_ERRORS:
        return


class SandboxRule(Rule):
    """A rule of EventBridge."""

    def send_to_targets(self, original_event: Any, transform_input: bool = True) -> None:
        others = copy.copy(self)
        others.targets = [target for target in self.targets if ":lambda:" not in target["Arn"]]
        Rule.send_to_targets(others, original_event, transform_input)
        if not self.event_pattern.matches_event(original_event):
            return
        for target in self.targets:
            if ":lambda:" in target["Arn"]:
                push(target["Arn"], _input(target, original_event))


class SandboxSubscription(Subscription):
    """A subscription to a topic."""

    def publish(
        self,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        *rest: Any,
        **more: Any,
    ) -> None:
        if self.protocol != "lambda":
            super().publish(message, message_id, subject, message_attributes, *rest, **more)
            return
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        attributes = {
            name: {"Type": given["Type"], "Value": given["Value"]}
            for name, given in (message_attributes or {}).items()
        }
        record = {
            "EventVersion": "1.0",
            "EventSource": "aws:sns",
            "EventSubscriptionArn": self.arn,
            "Sns": {
                "Type": "Notification",
                "MessageId": message_id,
                "TopicArn": self.topic_arn,
                "Subject": subject,
                "Message": message,
                "Timestamp": now,
                "MessageAttributes": attributes,
            },
        }
        push(self.endpoint, {"Records": [record]})


def _input(target: dict[str, Any], event: Any) -> Any:
    """What a target gets: its own constant, its template, or the event."""
    if target.get("Input"):
        return json.loads(target["Input"])
    transformer = target.get("InputTransformer")
    if transformer:
        return EventTemplateParser.parse(
            input_template=transformer.get("InputTemplate"),
            input_paths_map=transformer.get("InputPathsMap", {}),
            event=event,
        )
    moment = event.get("time")
    if isinstance(moment, int | float):
        stamp = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {**event, "time": stamp}
    return event
