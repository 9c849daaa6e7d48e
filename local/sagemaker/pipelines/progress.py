"""What may run next in an execution, and how it ends, as its steps have come out so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from local.sagemaker.pipelines.definition import ANY, Step

_ENDED = frozenset({"Succeeded", "Failed", "Stopped"})


class Progress:
    """Steps, their status where they have ended, and the outcomes of conditions. Decides, and does nothing.

    A failure that no other step waits for ends the execution: what runs may end, nothing new starts. One that a step
    waits for (a run condition: DependsOn with a Trigger) does not.
    """

    def __init__(self, steps: Mapping[str, Step], ended: Mapping[str, str], outcomes: Mapping[str, bool]) -> None:
        self._steps, self._outcomes = steps, outcomes
        self._ended = {name: status for name, status in ended.items() if name in steps and status in _ENDED}
        self._waiters: dict[str, list[Step]] = {}
        for step in steps.values():
            for need in step.triggers:
                self._waiters.setdefault(need, []).append(step)

    def startable(self) -> Iterator[Step]:
        """Steps that could start now, if they have not yet."""
        blocked = any(True for _ in self.unhandled())
        for step in self._steps.values():
            if step.name not in self._ended and self._met(step) and (not blocked or self._waited_for(step)):
                yield step

    def unhandled(self) -> Iterator[str]:
        """Steps that failed, or were stopped on their own, and that no step waited for."""
        for name, status in self._ended.items():
            if status != "Succeeded" and not any(self._handles(step, name) for step in self._waiters.get(name, ())):
                yield name

    def failed(self) -> bool:
        """Whether any step has failed or was stopped."""
        return any(status != "Succeeded" for status in self._ended.values())

    def _handles(self, step: Step, failed: str) -> bool:
        # A Fail step is there to end the execution: nothing mends that.
        return (
            self._steps[failed].kind != "Fail" and self._agrees(step, failed) and not self._ruled_out(step, frozenset())
        )

    def _met(self, step: Step) -> bool:
        return all(need in self._ended and self._agrees(step, need) for need in step.needs) and self._taken(step)

    def _agrees(self, step: Step, need: str) -> bool:
        trigger, status = step.triggers.get(need), self._ended[need]
        return status == "Succeeded" if trigger is None else trigger in (ANY, status)

    def _taken(self, step: Step) -> bool:
        return step.branch is None or self._outcomes.get(step.branch[0]) == step.branch[1]

    def _waited_for(self, step: Step) -> bool:
        return any(self._ended[need] != "Succeeded" for need in step.triggers)

    def _ruled_out(self, step: Step, seen: frozenset[str]) -> bool:
        """Whether a step can never run any more."""
        if step.name in self._ended or step.name in seen:
            return False
        if step.branch is not None and step.branch[0] in self._outcomes and not self._taken(step):
            return True
        return any(
            not self._agrees(step, need)
            if need in self._ended
            else self._ruled_out(self._steps[need], seen | {step.name})
            for need in step.needs
            if need in self._steps
        )
