"""Carries out what an operation asks of a stack's resources: bring them up, put them back, take them away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from local.cloudformation.errors import InvalidRequest, ResourceFailed
from local.cloudformation.exports import Exports
from local.cloudformation.graph import reverse, run
from local.cloudformation.intrinsics import Resolver
from local.cloudformation.lifecycle import Lifecycle
from local.cloudformation.live import Live, Step
from local.cloudformation.plan import differences, replacement
from local.cloudformation.policy import StackPolicy
from local.cloudformation.resources import CATALOGUE
from local.cloudformation.resources.forms import ill_formed
from local.cloudformation.revisions import Revision, outputs
from local.cloudformation.stacks import Output, Stack
from local.errors import AwsError

Failures = Mapping[str, ResourceFailed]
"""What failed, by logical id."""


class Executor:
    """The hands of one operation on one stack."""

    def __init__(self, stack: Stack, lifecycle: Lifecycle, *, exports: Exports, policy: str = "") -> None:
        self._stack, self._lifecycle, self._exports = stack, lifecycle, exports
        self._policy = StackPolicy(policy)

    def deploy(self, revision: Revision, *, verb: str, failed: Callable[[], None] = lambda: None) -> str:
        """Bring a revision up and publish its outputs; nothing is removed. Gives why it failed, empty if it did not."""
        failures = self._converge(revision, failed)
        if failures:
            return listed_failures(failures, verb)
        if self._stack.stop.is_set():
            return "User Initiated. "
        try:
            self._exports.publish(self._stack, self._outputs(revision))
        except AwsError as error:
            return f"{error.message}. "
        except ResourceFailed as error:
            return f"{error}. "
        return ""

    def restore(self, steps: Mapping[str, Step]) -> Failures:
        """Give resources the state they had before the journal's steps; new copies are left for `remove`."""
        had = {name: step.before for name, step in steps.items() if step.before is not None}
        needs = {name: before.needs & had.keys() for name, before in had.items()}
        return run(needs, lambda name: self._lifecycle.put_back(steps[name], had[name]), keep_going=True)

    def remove(self, lives: Iterable[Live], *, keep: Callable[[Live], bool], listed: bool) -> Failures:
        """Remove resources in the reverse order of their needs; what fails keeps those that it needs."""
        copies = {f"{live.logical_id} {live.physical_id}": live for live in lives}
        needs = {
            key: {other for other, needed in copies.items() if needed.logical_id in live.needs}
            for key, live in copies.items()
        }

        def delete(key: str) -> None:
            self._lifecycle.delete(copies[key], keep=keep(copies[key]), listed=listed)

        failures = run(reverse(needs), delete, keep_going=True)
        return {copies[key].logical_id: error for key, error in failures.items()}

    def _converge(self, revision: Revision, failed: Callable[[], None]) -> Failures:
        try:
            self._check_removals(revision)
        except _Refused as refused:
            return {refused.logical_id: refused}
        return run(revision.needs, lambda name: self._bring(name, revision), failed=failed)

    def _outputs(self, revision: Revision) -> list[Output]:
        scope = replace(revision.scope, reference=self._reference, attribute=self._attribute)
        resolver = Resolver(scope)
        return [
            Output(
                key=name,
                value=_output_text(name, resolver.resolve(what.get("Value"))),
                description=what.get("Description"),
                export=str(resolver.resolve(what["Export"]["Name"])) if "Export" in what else "",
            )
            for name, what in outputs(revision.template, scope.conditions).items()
        ]

    def _check_removals(self, revision: Revision) -> None:
        for name, live in self._stack.live().items():
            if name not in revision.needs:
                self._allow("Update:Delete", live)

    def _bring(self, name: str, revision: Revision) -> None:
        live = self._stack.live().get(name)
        wanted = self._wanted(name, revision)
        if live is None:
            self._lifecycle.create(wanted)
            return
        changes = differences(CATALOGUE[live.type].schema, live.properties, wanted.properties)
        if replacement(changes) == "True":
            self._allow("Update:Replace", live)
            self._check_name(live, wanted)
            self._lifecycle.create(wanted)
        elif changes or live.status.endswith("_FAILED"):
            self._allow("Update:Modify", live)
            self._check_fixed(live, [change.name for change in changes])
            self._lifecycle.update(live, wanted)
        elif _rules(live) != _rules(wanted):
            self._lifecycle.update(live, wanted)

    def _wanted(self, name: str, revision: Revision) -> Live:
        declared = revision.declaration(name)
        unmade = Live(
            logical_id=name,
            type=declared.type,
            name="",
            properties={},
            needs=revision.needs[name],
            deletion_policy=declared.deletion_policy,
            update_replace_policy=declared.update_replace_policy,
            metadata=declared.metadata,
        )
        try:
            properties = revision.properties(name, reference=self._reference, attribute=self._attribute)
        except AwsError as error:
            raise self._lifecycle.refuse(self._stack.live().get(name, unmade), error.message) from error
        wrong = ill_formed(CATALOGUE[declared.type].schema, properties)
        if wrong:
            failed = f"Properties validation failed for resource {name} with message: [{wrong}]"
            raise self._lifecycle.refuse(self._stack.live().get(name, unmade), failed)
        return replace(unmade, properties=properties)

    def _check_name(self, live: Live, wanted: Live) -> None:
        name = CATALOGUE[live.type].schema.name
        if name and live.properties.get(name) and live.properties[name] == wanted.properties.get(name):
            raise self._lifecycle.refuse(
                live,
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {live.properties[name]} and update the stack again.",
            )

    def _check_fixed(self, live: Live, changed: list[str]) -> None:
        fixed = sorted(set(changed) & CATALOGUE[live.type].schema.fixed)
        if fixed:
            reason = f"{', '.join(fixed)} of an existing {live.type} cannot be changed."
            raise self._lifecycle.refuse(live, reason)

    def _allow(self, action: Any, live: Live) -> None:
        try:
            self._policy.check(action, logical_id=live.logical_id, type=live.type)
        except ResourceFailed as error:
            self._lifecycle.refuse(live, str(error))
            raise _Refused(live.logical_id, str(error)) from error

    def _reference(self, name: str) -> Any:
        return self._stack.resources[name].physical_id

    def _attribute(self, name: str, attribute: str) -> Any:
        live = self._stack.resources[name]
        if attribute not in live.attributes and CATALOGUE[live.type].schema.open:
            vendor = f"Vendor response doesn't contain {attribute} attribute in object {name}"
            raise InvalidRequest(f"CustomResource attribute error: {vendor}")
        if attribute not in live.attributes:
            raise InvalidRequest(f"Attribute {attribute} of {name} ({live.type}) has no value")
        return live.attributes[attribute]


class _Refused(ResourceFailed):
    """The stack policy denies an action."""

    def __init__(self, logical_id: str, reason: str) -> None:
        super().__init__(reason)
        self.logical_id = logical_id


def listed_failures(failures: Failures, verb: str) -> str:
    """The failures as a stack's status reason names them."""
    return f"The following resource(s) failed to {verb}: [{', '.join(sorted(failures))}]. "


def _rules(live: Live) -> tuple[Any, ...]:
    return live.deletion_policy, live.update_replace_policy, live.metadata


def _output_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidRequest(
        f"Template format error: Output {name} is malformed. "
        "The Value field of every Outputs member must evaluate to a String."
    )
