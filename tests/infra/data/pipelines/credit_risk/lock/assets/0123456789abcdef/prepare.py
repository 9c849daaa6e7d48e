"""A step of the tests' small pipeline."""
