"""What ends a step with one sentence for whoever started it.

StepError ── DataError      the rows are not what the model was made for
          ├─ ContractError  contract or gates say what cannot be checked
          └─ ScoringError   the model does not score the rows
"""

from __future__ import annotations


class StepError(Exception):
    """A step cannot do its work; the text says what is wrong, where, and what to do."""


class DataError(StepError):
    """The rows are not what the model was made for."""


class ContractError(StepError):
    """The data contract, or a gate, says what cannot be checked."""


class ScoringError(StepError):
    """The model does not score the rows."""
