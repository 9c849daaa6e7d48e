"""The operations of SageMaker that are written by hand besides jobs, pipelines and hosting, room by room."""

from __future__ import annotations

from local.front import Family, Handler
from local.mlflow.part import Mlflow
from local.sagemaker.cards.book import ModelCards
from local.sagemaker.context import Context
from local.sagemaker.experiments.book import Experiments
from local.sagemaker.experiments.metrics import MetricLog
from local.sagemaker.features.groups import FeatureGroups
from local.sagemaker.features.offline import OfflineStore
from local.sagemaker.features.online import OnlineStore
from local.sagemaker.features.runtime import FeatureStore
from local.sagemaker.image_versions import ImageVersions
from local.sagemaker.jobs.life import Jobs
from local.sagemaker.jobs.updates import TrainingUpdates
from local.sagemaker.lineage.associations import Associations
from local.sagemaker.lineage.entities import Entities
from local.sagemaker.lineage.graph import Graph
from local.sagemaker.lineage.groups import Groups
from local.sagemaker.monitoring.schedules import Lateness, Monitoring, punctual
from local.sagemaker.search import Search


class Written:
    """The rooms, and what they answer for: operations of `sagemaker`, and families of their own beside it."""

    def __init__(self, context: Context, processing: Jobs, *, late: Lateness = punctual) -> None:
        associations, self._metrics = Associations(context), MetricLog(context)
        online, self._offline = OnlineStore(context.services), OfflineStore(context)
        self.mlflow = Mlflow(context)
        self._monitoring = Monitoring(context, processing, late=late)
        self._groups = FeatureGroups(context, online=online, offline=self._offline)
        self._records = FeatureStore(context, online=online, offline=self._offline)
        self._rooms = (
            Entities(context, associations),
            associations,
            Graph(associations),
            Groups(context),
            Experiments(context, associations=associations, metrics=self._metrics),
            self._groups,
            ImageVersions(context),
            ModelCards(context),
            self._monitoring,
            TrainingUpdates(context),
            self.mlflow,
            Search(context.store, metrics=self._metrics.summary),
        )

    def handlers(self) -> dict[str, Handler]:
        """Operations of `sagemaker`."""
        return {name: handler for room in self._rooms for name, handler in room.handlers().items()}

    def families(self) -> list[Family]:
        """Services of their own."""
        return [
            self.mlflow.family(),
            Family("sagemaker-metrics", self._metrics.handlers()),
            Family("sagemaker-featurestore-runtime", self._records.handlers()),
        ]

    def resume(self) -> None:
        """Write and finish what the process before had not."""
        self.mlflow.resume()
        self._monitoring.resume()
        self._groups.resume()
        self._offline.flush()

    def close(self) -> None:
        """Write what waits."""
        self.mlflow.close()
        self._monitoring.close()
        self._offline.flush()
