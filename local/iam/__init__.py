"""Who may do what: the requests of roles and users are evaluated as AWS IAM evaluates them.

The guard is `local.iam.enforcement.Enforcement`; this package's face stays light, as the parts lean on it.
"""

from local.iam.decision import Decision, Origin

__all__ = ["Decision", "Origin"]
