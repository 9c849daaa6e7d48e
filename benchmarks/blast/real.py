"""Releases on real processes: the local cloud's endpoints, deployments, metrics and alarms on an accelerated clock."""

from __future__ import annotations

import io
import random
import tarfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.config import Config

from blast import world
from blast.faults import Fault
from blast.load import Request, Users
from blast.policies import VARIANT, Policy
from env import images
from local.cloud import LocalCloud

REGION = "eu-west-1"
SPEED = 20.0
"""Seconds of the cloud's clock in one of this machine's: a minute is three seconds, the horizon 90."""
_BUCKET = "blast"
_ROLE = "arn:aws:iam::123456789012:role/blast"
_WARM_UP = timedelta(seconds=60)
_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Released:
    """What became of one release: times in seconds of the cloud's clock."""

    fault: Fault
    policy: Policy
    requests: int
    harmed: int
    outcome: str
    recovery_seconds: float | None
    """From the first request that the new version got to the last one; None when it still serves at the horizon."""
    alarm_to_old_seconds: float | None
    """From the alarm to the last request that was sent to the new version; None when no alarm took it back."""

    @property
    def harmed_share(self) -> float:
        """Share of all users' requests that the new version harmed."""
        return self.harmed / self.requests


class Bench:
    """One local cloud. A context manager."""

    def __init__(self) -> None:
        self._cloud = LocalCloud(region=REGION, speed=SPEED)
        session: Any = self._cloud.session()
        once = Config(retries={"total_max_attempts": 1}, max_pool_connections=100)
        self.sagemaker, self.cloudwatch = session.client("sagemaker"), session.client("cloudwatch")
        self.runtime, self._s3 = session.client("sagemaker-runtime", config=once), session.client("s3")
        self.clock = self._cloud.services.clock

    def __enter__(self) -> Bench:
        self._cloud.start()
        self._s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self._s3.put_object(Bucket=_BUCKET, Key="model.tar.gz", Body=_archive())
        return self

    def __exit__(self, *_: object) -> None:
        self._cloud.stop()

    def release(
        self, fault: Fault, policies: Sequence[Policy], *, seconds: float, progress: Callable[[float], None]
    ) -> list[Released]:
        """Release a model with a fault under each policy, all at the same time, each to an endpoint of its own."""
        trials = [_Trial(self, fault, policy) for policy in policies]
        for trial in trials:
            trial.create()
        for trial in trials:
            trial.serve()
        self._let_pass(_WARM_UP)
        for trial in trials:
            trial.begin()
        end = self.now() + timedelta(seconds=seconds)
        while (left := (end - self.now()).total_seconds()) > 0:
            progress(1 - left / seconds)
            for trial in trials:
                trial.look()
            time.sleep(_POLL_SECONDS)  # a poll: the traffic runs meanwhile
        return [trial.end() for trial in trials]

    def now(self) -> datetime:
        """The cloud's time."""
        return self.clock.now()

    def _let_pass(self, span: timedelta) -> None:
        end = self.now() + span
        while self.now() < end:
            time.sleep(_POLL_SECONDS)


class _Trial:
    """One release under one policy."""

    def __init__(self, bench: Bench, fault: Fault, policy: Policy) -> None:
        self._bench, self._fault, self._policy = bench, fault, policy
        self._sagemaker, self._cloudwatch = bench.sagemaker, bench.cloudwatch
        self._name = f"{fault.name}-{policy.name}".replace("_", "-")
        self._old, self._new = f"{self._name}-old", f"{self._name}-new"
        self._users = Users(
            bench.runtime, self._name, clock=bench.clock, draw=random.Random(f"{world.SEED} {self._name}")
        )
        self._began = bench.now()
        self._outcome = "deploying"

    def create(self) -> None:
        """Create the endpoint with the good model."""
        for config, version, fault in ((self._old, "old", "none"), (self._new, "new", self._fault.name)):
            self._model(config, version, fault)
        self._sagemaker.create_endpoint(EndpointName=self._name, EndpointConfigName=self._old)

    def serve(self) -> None:
        """Wait until it serves, then let users ask."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while self._described()["EndpointStatus"] != "InService":
            if time.monotonic() > until:
                raise RuntimeError(f"endpoint {self._name} does not come into service: {self._described()}")
            time.sleep(_POLL_SECONDS)
        self._users.start()

    def begin(self) -> None:
        """Ask for the release."""
        names = []
        for alarm in self._policy.alarms(self._name, self._new):
            self._cloudwatch.put_metric_alarm(**alarm)
            names.append(alarm["AlarmName"])
        self._began = self._bench.now()
        config = self._policy.config(names)
        self._sagemaker.update_endpoint(EndpointName=self._name, EndpointConfigName=self._new, DeploymentConfig=config)

    def look(self) -> None:
        """Take note of how the deployment ended, once it has."""
        if self._outcome == "deploying":
            described = self._described()
            if described["EndpointStatus"] == "InService":
                self._outcome = "deployed" if described["EndpointConfigName"] == self._new else "rolled back"

    def end(self) -> Released:
        """Stop asking, delete the endpoint, and count."""
        horizon = self._bench.now()
        self._users.stop()
        alarm_at = self._first_alarm()
        if self._outcome != "deploying":  # else it cannot be deleted; it ends with the cloud
            self._sagemaker.delete_endpoint(EndpointName=self._name)
        counted = [request for request in self._users.requests if self._began <= request.sent <= horizon]
        return self._counted(counted, alarm_at=alarm_at)

    def _counted(self, requests: list[Request], *, alarm_at: datetime | None) -> Released:
        new = sorted(request.sent for request in requests if request.version == "new")
        back = self._outcome == "rolled back"
        recovery = (new[-1] - new[0]).total_seconds() if new else 0.0
        return Released(
            fault=self._fault,
            policy=self._policy,
            requests=len(requests),
            harmed=sum(request.harmed and request.version == "new" for request in requests),
            outcome=self._outcome,
            recovery_seconds=recovery if back else None,
            alarm_to_old_seconds=max(0.0, (new[-1] - alarm_at).total_seconds()) if back and new and alarm_at else None,
        )

    def _first_alarm(self) -> datetime | None:
        found = self._cloudwatch.describe_alarms(AlarmNamePrefix=f"{self._new}-")["MetricAlarms"]
        history = [
            item["Timestamp"]
            for alarm in found
            for item in self._cloudwatch.describe_alarm_history(
                AlarmName=alarm["AlarmName"], HistoryItemType="StateUpdate"
            )["AlarmHistoryItems"]
            if "to ALARM" in item["HistorySummary"]
        ]
        return min(history, default=None)

    def _described(self) -> dict[str, Any]:
        described: dict[str, Any] = self._sagemaker.describe_endpoint(EndpointName=self._name)
        return described

    def _model(self, config: str, version: str, fault: str) -> None:
        figures = {
            "NOISE": world.NOISE,
            "MEDIAN_LATENCY_MS": world.MEDIAN_LATENCY_MS,
            "SIGMA": world.SIGMA,
            "FAILING_SHARE": world.FAILING_SHARE,
            "LEAKED_REQUESTS": world.LEAKED_REQUESTS,
            "HANG_WALL_SECONDS": world.HANG_SECONDS / SPEED,
        }
        environment = {"VERSION": version, "FAULT": fault, "SAGEMAKER_PROGRAM": "inference.py"}
        environment["SAGEMAKER_SUBMIT_DIRECTORY"] = "/opt/ml/model/code"
        container = {
            "Image": images.uri("sklearn:1.4-2", region=REGION),
            "ModelDataUrl": f"s3://{_BUCKET}/model.tar.gz",
            "Environment": {**environment, **{name: str(value) for name, value in figures.items()}},
        }
        self._sagemaker.create_model(ModelName=config, PrimaryContainer=container, ExecutionRoleArn=_ROLE)
        variant = {
            "VariantName": VARIANT,
            "ModelName": config,
            "InitialInstanceCount": world.SERVING.instance_count,
            "InstanceType": world.SERVING.instance_type,
            "InitialVariantWeight": 1.0,
        }
        self._sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])


def _archive() -> bytes:
    code, buffer = (Path(__file__).parent / "served.py").read_bytes(), io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(code)
        archive.addfile(entry, io.BytesIO(code))
    return buffer.getvalue()
