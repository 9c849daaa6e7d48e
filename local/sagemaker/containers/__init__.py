"""Programs that run as if in a SageMaker container, without one."""
