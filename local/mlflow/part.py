"""MLflow as SageMaker has it: the operations on its servers, and the service that they answer as."""

from __future__ import annotations

from typing import Final

from local.front import Family, Handler
from local.mlflow.artifacts import Artifacts
from local.mlflow.entries import Entries
from local.mlflow.experiments import DEFAULT, Experiments, experiment
from local.mlflow.logged_models import LoggedModels
from local.mlflow.runs import Runs
from local.mlflow.servers import Server, Servers
from local.mlflow.shelf import Shelf
from local.mlflow.window import Window
from local.sagemaker.context import Context
from local.sagemaker.plain.refused import Refused

_REGISTRY: Final = "versions of models are registered with SageMaker's own registry here"
_TRACES: Final = "no traces of applications are kept here"
_REFUSED: Final = {
    **dict.fromkeys(
        (
            "CreateModelVersion",
            "CreateRegisteredModel",
            "DeleteRegisteredModel",
            "GetModelVersion",
            "GetRegisteredModel",
            "SearchModelVersions",
            "SearchRegisteredModels",
            "TransitionModelVersionStage",
            "UpdateRegisteredModel",
        ),
        _REGISTRY,
    ),
    **dict.fromkeys(("SearchTraces", "StartTrace"), _TRACES),
}


class Mlflow:
    """Tracking servers, what they hold and what a browser sees of them."""

    def __init__(self, context: Context) -> None:
        self._shelf = Shelf(context.services.state, context.services.clock.now)
        self._servers = Servers(context)
        self._servers.begun, self._servers.gone = self._begin, self._end
        self.window = Window(context, self._servers)
        rooms = (
            Experiments(self._shelf, self._servers),
            Runs(self._shelf, self._servers),
            Entries(self._shelf, self._servers),
            LoggedModels(self._shelf, self._servers),
            Artifacts(self._shelf, self._servers, context.identities),
        )
        self._answers: dict[str, Handler] = {
            name: handler for room in rooms for name, handler in room.handlers().items()
        }

    def handlers(self) -> dict[str, Handler]:
        """Operations of `sagemaker`."""
        return self._servers.handlers()

    def family(self) -> Family:
        """The service `sagemaker-mlflow`."""
        refused = {name: Refused(f"sagemaker-mlflow:{name}", reason) for name, reason in _REFUSED.items()}
        return Family("sagemaker-mlflow", {**self._answers, **refused})

    def resume(self) -> None:
        """Bring servers to where they were going."""
        self._servers.resume()

    def close(self) -> None:
        """End the pages."""
        self.window.close()

    def _begin(self, server: Server) -> None:
        made = experiment(DEFAULT, "Default", location=f"{server.artifacts}/{DEFAULT}", now=self._shelf.now())
        with self._shelf.writing():
            self._shelf.put("experiments", server.name, DEFAULT, made)

    def _end(self, name: str) -> None:
        self.window.end(name)
        self._shelf.forget(name)
