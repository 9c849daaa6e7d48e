"""Where a model of a stage is: the names of its stack, its endpoint, its alarms and its packages."""

from __future__ import annotations

from dataclasses import dataclass


def stack_name(model: str, *, stage: str) -> str:
    """A model's serving stack."""
    return f"sluice-{stage}-serving-{model}"


def endpoint_name(model: str, *, stage: str) -> str:
    """A model's endpoint."""
    return f"{model}-{stage}"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A model in a stage; `registry` is the ARN prefix of the account that owns its packages."""

    stage: str
    model: str
    registry: str

    @property
    def stack(self) -> str:
        """The serving stack."""
        return stack_name(self.model, stage=self.stage)

    @property
    def endpoint(self) -> str:
        """The endpoint."""
        return endpoint_name(self.model, stage=self.stage)

    @property
    def backstop(self) -> str:
        """The alarm on whatever serves."""
        return f"{self.endpoint}-backstop"

    def package(self, version: int) -> str:
        """The ARN of a version."""
        return f"{self.registry}:model-package/{self.model}/{version}"
