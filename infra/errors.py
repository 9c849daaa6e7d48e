"""What can stop a synthesis.

InfraError
├── BundleError           a model's compiled pipeline cannot be read
├── PlaceholderError      a compiled pipeline asks for a value that no stage has
├── ParameterError        a stage sets a pipeline parameter that does not exist, or to a value of another type
├── DefinitionSizeError   a pipeline definition is larger than what SageMaker takes
├── StepError             a pipeline has a step that its role cannot be given rights for
├── RulesError            a rule of cdk-nag is broken and not acknowledged
├── PolicyError           how a model is monitored takes more room than there is to write it down
├── MaskError             a model has more masked columns than its container can be told
└── LibrariesError        the libraries of the monitor's function cannot be had, or have outgrown it
"""


class InfraError(Exception):
    """Root of the room's errors; the text says what is wrong, where, and what to do."""


class BundleError(InfraError):
    """A model's compiled pipeline cannot be read."""


class PlaceholderError(InfraError):
    """A compiled pipeline asks for a value that no stage has."""


class ParameterError(InfraError):
    """A stage sets a pipeline parameter that does not exist, or to a value of another type."""


class DefinitionSizeError(InfraError):
    """A pipeline definition is larger than what SageMaker takes."""


class StepError(InfraError):
    """A pipeline has a step that its role cannot be given rights for."""


class RulesError(InfraError):
    """A rule of cdk-nag is broken and not acknowledged."""


class PolicyError(InfraError):
    """How a model is monitored takes more room than there is to write it down."""


class MaskError(InfraError):
    """A model has more masked columns than its container can be told."""


class LibrariesError(InfraError):
    """The libraries of the monitor's function cannot be had, or have outgrown it."""
