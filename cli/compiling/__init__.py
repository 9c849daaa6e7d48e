"""Compiles a model's pipeline, written with the SageMaker SDK, into a bundle that is deployed as data."""

from cli.compiling.building import build, check, compile_model
from cli.compiling.bundle import Bundle, Difference
from cli.compiling.errors import CompileError

__all__ = ["Bundle", "CompileError", "Difference", "build", "check", "compile_model"]
