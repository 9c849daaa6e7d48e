"""UpdateTrainingJob: what may change of a training job while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.errors import ValidationError
from local.front import Handler
from local.sagemaker.context import Context
from local.sagemaker.kinds import TRAINING_JOB
from local.sagemaker.resources import Record
from local.wire import Call

Params = dict[str, Any]


class TrainingUpdates:
    """The operation; profilers and warm pools are noted, none runs here."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    def handlers(self) -> dict[str, Handler]:
        """The one operation."""
        return {"UpdateTrainingJob": self.update}

    def update(self, params: Params, _: Call) -> Params:
        """Replace what is given. Raises ValidationError when the job has ended: it has no warm pool to change."""

        def change(record: Record) -> Mapping[str, Any]:
            if record["TrainingJobStatus"] != "InProgress":
                status = record["TrainingJobStatus"]
                raise ValidationError(f"The training job is in status {status} and cannot be updated.")
            members = {key: value for key, value in params.items() if key != "TrainingJobName"}
            if "ResourceConfig" in params:
                members["ResourceConfig"] = {**record["ResourceConfig"], **params["ResourceConfig"]}
            return members

        return self._store.edit(TRAINING_JOB, params["TrainingJobName"], change)
