"""What an error means to the author of a pipeline, as one sentence with file and line."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

from .answers import NetworkUseError


class AuthorFaultError(Exception):
    """What is wrong with the author's file, as one sentence."""


def told(error: BaseException, folder: Path) -> str:
    """What ``error`` means to the author of the files in ``folder``."""
    if isinstance(error, AuthorFaultError):
        return str(error)
    where = place(error, folder)
    if reached := network_use(error):
        remedy = "use the arguments of get_pipeline or pipeline parameters"
        if "s3." in str(reached):
            remedy = "put what it needs into the model's folder, or let a step read it"
        return f"{where} asks for {reached}, but a pipeline is compiled without network; {remedy}."
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{where} raises {type(error).__name__}: {' '.join(message.split()) or 'no message'}"


def network_use(error: BaseException) -> NetworkUseError | None:
    """The attempt to reach the network that ``error`` is made of, whatever a library makes of it."""
    return next((cause for cause in _chain(error) if isinstance(cause, NetworkUseError)), None)


def place(error: BaseException, folder: Path) -> str:
    """``file:line`` in the author's own code where ``error`` comes from."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    for cause in _chain(error):
        frames = traceback.extract_tb(cause.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
        if own:
            return f"{Path(own[-1].filename).relative_to(folder)}:{own[-1].lineno}"
    return "pipeline.py"


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
