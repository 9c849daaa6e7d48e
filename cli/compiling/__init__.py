"""Compiles a model's pipeline, written with the SageMaker SDK, into a bundle that is deployed as data.

What takes half a second to import is imported when something has to be compiled, and not before.
"""

from cli.compiling.bundle import Bundle, Difference
from cli.compiling.errors import CompileError
from cli.compiling.keeping import Compiled, check, compile_model, stale

__all__ = ["Bundle", "CompileError", "Compiled", "Difference", "check", "compile_model", "stale"]
