"""What scripts do with a pipeline besides defining it: upserts are its definition, starts are left to `sluice run`."""

from __future__ import annotations

from typing import Any, NoReturn

from .places import Places

_ARN = "arn:aws:sagemaker:eu-west-1:000000000000:pipeline/compiled"


class Enough(BaseException):
    """The script has defined its pipeline; what follows works with a deployed one."""


class Taken:
    """Takes over what the SDK's pipeline would ask of AWS."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.pipeline: Any = None
        """The one that the script would deploy; None as long as it has not said."""
        self.notes: list[str] = []

    def take_over(self, kind: Any) -> None:
        """Answer for every pipeline of ``kind`` from now on."""

        def deploy(pipeline: Any, *_: Any, **arguments: Any) -> dict[str, str]:
            self.pipeline = pipeline
            if arguments.get("parallelism_config"):
                self.notes.append(
                    f"{self._places.here()}: parallelism_config is an argument of a start, not of the definition; "
                    "it has no effect here."
                )
            return {"PipelineArn": _ARN}

        def start(pipeline: Any, *_: Any, **__: Any) -> NoReturn:
            self.pipeline = pipeline
            self.notes.append(
                f"{self._places.here()}: the start is left to `sluice run`, and what follows it is not run."
            )
            raise Enough

        for verb in ("create", "update", "upsert"):
            setattr(kind, verb, deploy)
        kind.start = start
