"""The limits that a model must meet to be registered, as pipeline parameters, conditions and a failure by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo, ConditionLessThanOrEqualTo
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterFloat
from sagemaker.mlops.workflow import ConditionStep, FailStep, ProcessingStep
from sagemaker.mlops.workflow.step_collections import StepCollection
from sagemaker.mlops.workflow.steps import Step

from pipelines.workflow import reports

BINARY_CLASSIFICATION = "binary_classification_metrics"
REGRESSION = "regression_metrics"
"""The members of evaluation.json that hold a kind of model's metrics, named as Model Monitor names them."""

_CONDITIONS = {"at-least": ConditionGreaterThanOrEqualTo, "at-most": ConditionLessThanOrEqualTo}


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One metric and the parameter that limits it."""

    metric: str
    side: str
    limit: ParameterFloat


def at_least(metric: str, parameter: str, default: float) -> Gate:
    """``metric`` must not be below the pipeline's parameter of this name."""
    return Gate(metric=metric, side="at-least", limit=ParameterFloat(parameter, float(default)))


def at_most(metric: str, parameter: str, default: float) -> Gate:
    """``metric`` must not be above the pipeline's parameter of this name."""
    return Gate(metric=metric, side="at-most", limit=ParameterFloat(parameter, float(default)))


class Gates:
    """All gates of a model, whose metrics stand in the member ``kind`` of evaluation.json."""

    def __init__(self, kind: str, *gates: Gate) -> None:
        if not gates:
            raise ValueError("a model without a gate would always be registered: give one, as at_least(…)")
        self._kind, self._gates = kind, gates

    @property
    def parameters(self) -> list[ParameterFloat]:
        """The limits, for Pipeline(parameters=…)."""
        return [gate.limit for gate in self._gates]

    @property
    def metrics(self) -> list[str]:
        """The names of the metrics that are judged: those that a package of the model shows."""
        return [gate.metric for gate in self._gates]

    def arguments(self) -> list[object]:
        """The options that tell Evaluate the limits, so that it can say by how much one is missed."""
        words: list[object] = []
        for gate in self._gates:
            words += ["--gate", gate.metric, gate.side, gate.limit.name, gate.limit.to_string()]
        return words

    def step(self, evaluate: ProcessingStep, *, passed: Sequence[Step | StepCollection]) -> ConditionStep:
        """Goes on to ``passed`` where all limits are met; otherwise the execution fails and says which is missed."""
        message = Join(on=" ", values=["Not registered:", reports.text(evaluate, "gates")])
        return ConditionStep(
            "Gate",
            conditions=[
                _CONDITIONS[gate.side](
                    left=reports.number(evaluate, f"{self._kind}.{gate.metric}.value"), right=gate.limit
                )
                for gate in self._gates
            ],
            if_steps=list(passed),
            else_steps=[FailStep("GateFailed", error_message=message)],
        )
