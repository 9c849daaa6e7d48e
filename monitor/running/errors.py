"""What can stop a run before anything is judged.

RunError
├── MissingError    an object that was named is not there
└── GatherError     no training data can be made of what was captured and labelled
"""


class RunError(Exception):
    """Root of the errors of runs; the text says what is wrong and what to do."""


class MissingError(RunError):
    """An object that was named is not there."""


class GatherError(RunError):
    """No training data can be made of what was captured and labelled."""
