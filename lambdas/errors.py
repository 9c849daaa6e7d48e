"""What can go wrong in a Lambda.

LambdaError
├── SettingsError    an environment variable is missing or does not parse: a defect of the deployment
├── EventError       an event is not of a shape this function knows: a defect of a rule
└── RequestError     a request to `apply` names what it may not touch
"""


class LambdaError(Exception):
    """Root of the room's errors."""


class SettingsError(LambdaError):
    """An environment variable is missing or does not parse."""


class EventError(LambdaError):
    """An event is not of a shape this function knows."""


class RequestError(LambdaError):
    """A request names a model or a package that this function may not touch."""
