"""Where a model is in a stage, and where what is said of it goes."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.judgement import Monitor


@dataclass(frozen=True, kw_only=True)
class Place:
    """A model in a stage, the stage's buckets, and what the namespaces of Model Monitor's metrics begin with."""

    stage: str
    model: str
    capture_bucket: str
    artifact_bucket: str
    namespace: str

    @property
    def endpoint(self) -> str:
        """The endpoint that serves the model."""
        return f"{self.model}-{self.stage}"

    @property
    def jobs(self) -> str:
        """What the names of its Processing jobs begin with."""
        return f"sluice-{self.stage}-{self.model}"

    def schedule(self, monitor: Monitor) -> str:
        """What SageMaker calls the schedule of one monitor: the dimension MonitoringSchedule."""
        return f"{self.endpoint}-{monitor}"
