"""Who may do what: role credentials are evaluated as AWS IAM evaluates them."""

from local.iam.decision import Decision, Origin
from local.iam.guard import AllowsAll, Guard

__all__ = ["AllowsAll", "Decision", "Guard", "Origin"]
