"""The documents that SageMaker Model Monitor writes and reads: their names, their forms, the metrics beside them.

Sources: Model Monitor's guide, "Schema for Statistics", "Schema for Constraints", "Schema for Violations", "CloudWatch
Metrics for Bring Your Own Containers"; Clarify's guide, "Bias drift baseline" and "Feature attribution drift".
"""

from typing import Final

PREDICTION: Final = "prediction"
"""The column of a model's answers."""
LABEL: Final = "label"
"""The column of what turned out to be true."""

STATISTICS: Final = "statistics.json"
CONSTRAINTS: Final = "constraints.json"
VIOLATIONS: Final = "constraint_violations.json"
ANALYSIS: Final = "analysis.json"
"""Clarify's only document, both its findings and its baseline."""
PROFILE: Final = "profile.json.gz"
"""Ours: the sketches that the statistics are made of; where it lies beside them, windows are compared with it."""
