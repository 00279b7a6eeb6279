"""A function as moto keeps it, with the settings and the states that moto leaves out."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from typing import Any, ClassVar

from moto.awslambda.models import LambdaFunction

from sandbox.aws.alias_rules import VersionFacts
from sandbox.runtime.deployed import Deployed, Package

_COPIED = {
    "DeadLetterConfig": "dead_letter_config",
    "LoggingConfig": "logging_config",
    "TracingConfig": "tracing_config",
    "KMSKeyArn": "kms_key_arn",
}


class SandboxFunction(LambdaFunction):
    """`$LATEST` or one published version. A change gives it a new revision and keeps it busy."""

    update_seconds: ClassVar[float] = 0.2
    """How long an update is in progress; meanwhile others are refused, as AWS does."""

    endpoint: ClassVar[str] = ""

    def __init__(self, account_id: str, spec: dict[str, Any], region: str, version: str) -> None:
        super().__init__(account_id=account_id, spec=spec, region=region, version=version)
        self.dead_letter_config: dict[str, Any] | None = spec.get("DeadLetterConfig") or None
        self.logging_config: dict[str, Any] = spec.get("LoggingConfig") or {}
        self.revision_id = str(uuid.uuid4())
        self.born_until = self.busy_until = time.time() + self.update_seconds
        self.next_version = 1
        self.asked: str | None = None

    @classmethod
    def is_created(cls, *_: Any, **__: Any) -> bool:
        """CloudFormation's part of moto, which the sandbox does not offer for Lambda."""
        return False

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any, **__: Any) -> None:
        raise NotImplementedError

    @property
    def pending(self) -> bool:
        return time.time() < self.born_until

    @property
    def busy(self) -> bool:
        return time.time() < self.busy_until

    @property
    def facts(self) -> VersionFacts:
        return VersionFacts(self.role, (self.dead_letter_config or {}).get("TargetArn") or None)

    @property
    def plain_arn(self) -> str:
        return ":".join(self.function_arn.split(":")[:7])

    def changed(self) -> None:
        """Note an update: a new revision, in progress for a while."""
        self.revision_id = str(uuid.uuid4())
        self.busy_until = time.time() + self.update_seconds

    def fingerprint(self) -> str:
        """Equal for two versions that AWS would not publish apart."""
        settings = LambdaFunction.get_configuration(self)
        volatile = ("FunctionArn", "LastModified", "Version", "LastUpdateStatus", "Description")
        kept = {name: value for name, value in settings.items() if name not in volatile}
        kept |= {"dlq": self.dead_letter_config, "logs": self.logging_config}
        return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        config = super().get_configuration(on_create)
        config["RevisionId"] = self.revision_id
        config["LoggingConfig"] = {
            "LogFormat": "Text",
            "LogGroup": self.log_group,
            **self.logging_config,
        }
        if self.dead_letter_config and self.dead_letter_config.get("TargetArn"):
            config["DeadLetterConfig"] = self.dead_letter_config
        if self.pending:
            config |= {"State": "Pending", "StateReasonCode": "Creating"}
        elif self.busy and not on_create:
            config["LastUpdateStatus"] = "InProgress"
        return config

    def get_code(self) -> dict[str, Any]:
        code = super().get_code()
        if "Code" in code and code["Code"].get("RepositoryType") == "S3":
            place = f"{self.account_id}/{self.region}/{self.function_name}/{self.version}"
            code["Code"]["Location"] = f"{self.endpoint}/_sandbox/code/{place}"
        if self.reserved_concurrency is not None:
            code["Concurrency"] = {"ReservedConcurrentExecutions": self.reserved_concurrency}
        return code

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        super().update_configuration(config_updates)
        for key, attribute in _COPIED.items():
            if key in config_updates:
                setattr(self, attribute, config_updates[key])
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        self.changed()
        return self.get_configuration()

    def update_function_code(self, updated_spec: dict[str, Any]) -> dict[str, Any]:
        if updated_spec.get("DryRun"):
            return self.get_configuration()
        super().update_function_code(updated_spec)
        if updated_spec.get("Architectures"):
            self.architectures = updated_spec["Architectures"]
        self.changed()
        return self.get_configuration()

    def invoke(self, body: str, *_: Any) -> bytes:
        """Moto's own events (S3, logs subscriptions) call a function this way; nobody waits."""
        from moto.awslambda.utils import get_backend

        name = f"{self.function_name}:{self.asked}" if self.asked else self.function_name
        get_backend(self.account_id, self.region).invoke(name, None, body, {}, {})
        return b"null"

    @property
    def log_group(self) -> str:
        chosen: str | None = self.logging_config.get("LogGroup")
        return chosen or self.logs_group_name

    def deployed(self, layers: tuple[Package, ...], reserved: int | None) -> Deployed:
        """What the runtime needs to run this version."""
        return Deployed(
            account=self.account_id,
            region=self.region,
            name=self.function_name,
            version=str(self.version),
            revision=self.revision_id,
            handler=self.handler or "",
            runtime=self.run_time or "",
            memory_mb=int(self.memory_size),
            timeout_s=int(self.timeout),
            role=self.role,
            package=Package(self.code_sha_256, getattr(self, "code_bytes", b"")),
            layers=layers,
            environment={str(k): str(v) for k, v in (self.environment_vars or {}).items()},
            log_group=self.log_group,
            json_logs=self.logging_config.get("LogFormat") == "JSON",
            reserved=reserved,
        )
