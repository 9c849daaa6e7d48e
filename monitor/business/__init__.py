"""Business: figures that a team names itself, as expressions over captured columns, answers and labels."""

from monitor.business.errors import ExpressionError
from monitor.business.judging import columns, judge

__all__ = ["ExpressionError", "columns", "judge"]
