"""The part of the local cloud that answers for the `cloudformation` family."""

from __future__ import annotations

from local.cloudformation.api.changes import Changes
from local.cloudformation.api.queries import Queries
from local.cloudformation.api.submission import Submissions
from local.cloudformation.operations import Operations
from local.cloudformation.revisions import Revisions
from local.cloudformation.stacks import Stacks
from local.front import Family
from local.services import Services


class CloudFormation:
    """Stacks, change sets and what is asked about them."""

    def __init__(self, services: Services) -> None:
        self._stacks = Stacks()
        self._operations = Operations(services, self._stacks)
        submissions = Submissions(Revisions(services, self._export))
        self._changes = Changes(services, self._stacks, self._operations, submissions)
        self._queries = Queries(self._stacks)

    def families(self) -> list[Family]:
        """The one family."""
        changes, queries = self._changes, self._queries
        handlers = {
            "CancelUpdateStack": changes.cancel_update_stack,
            "ContinueUpdateRollback": changes.continue_update_rollback,
            "CreateStack": changes.create_stack,
            "DeleteStack": changes.delete_stack,
            "DescribeStackEvents": queries.describe_stack_events,
            "DescribeStackResource": queries.describe_stack_resource,
            "DescribeStackResources": queries.describe_stack_resources,
            "DescribeStacks": queries.describe_stacks,
            "GetStackPolicy": changes.get_stack_policy,
            "ListExports": queries.list_exports,
            "ListImports": queries.list_imports,
            "ListStackResources": queries.list_stack_resources,
            "ListStacks": queries.list_stacks,
            "RollbackStack": changes.rollback_stack,
            "SetStackPolicy": changes.set_stack_policy,
            "UpdateStack": changes.update_stack,
            "UpdateTerminationProtection": changes.update_termination_protection,
        }
        return [Family("cloudformation", handlers)]

    def settled(self, timeout_seconds: float) -> bool:
        """Wait until no stack operation runs. False when time is up."""
        return self._operations.settled(timeout_seconds)

    def close(self) -> None:
        """Give up what runs."""
        self._operations.close()

    def _export(self, name: str) -> str | None:
        found = self._stacks.exports().get(name)
        return found[1].value if found else None
