"""What differs between stages, as validated TOML."""

from env.advice import warnings
from env.loading import load, names
from env.stage import Stage

__all__ = ["Stage", "load", "names", "warnings"]
