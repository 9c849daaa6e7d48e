"""What can go wrong in a Lambda.

LambdaError
├── SettingsError    an environment variable is missing or does not parse: a defect of the deployment
├── EventError       an event is not of a shape this function knows: a defect of a rule
├── RequestError     a request names what the function may not touch, or asks for what is not possible
├── LedgerError      a record of the ledger is not of a kind or shape this version knows
├── SampleError      a package's sample payload cannot be read
├── TrackingError    the tracking server refuses a request or does not answer
├── VerdictError     what the monitor has left, or answers, is not of a shape this version knows
└── Conflict         somebody else appended to the ledger first: read it again and decide anew
"""


class LambdaError(Exception):
    """Root of the room's errors."""


class SettingsError(LambdaError):
    """An environment variable is missing or does not parse."""


class EventError(LambdaError):
    """An event is not of a shape this function knows."""


class RequestError(LambdaError):
    """A request names what this function may not touch, or asks for what is not possible; the text says what to do."""


class LedgerError(LambdaError):
    """A record of the ledger is not of a kind or shape this version knows."""


class SampleError(LambdaError):
    """A package's sample payload cannot be read."""


class TrackingError(LambdaError):
    """The tracking server refuses a request or does not answer; `code` is MLflow's, empty when it gave none."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class VerdictError(LambdaError):
    """What the monitor has left, or answers, is not of a shape this version knows."""


class Conflict(LambdaError):
    """Somebody else appended to the ledger first."""
