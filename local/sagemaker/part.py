"""SageMaker as a part of the local cloud: registry, pipelines, jobs, hosting and runtime over one store."""

from __future__ import annotations

from collections.abc import Callable

from local.front import Family
from local.images import ImageEnvironments, Images
from local.mlflow.address import Window
from local.sagemaker.containers.isolation import Isolation
from local.sagemaker.containers.machine import Machine
from local.sagemaker.context import Context
from local.sagemaker.hosting.asynchronous import Asynchronous
from local.sagemaker.hosting.capture import Capture
from local.sagemaker.hosting.endpoints import Endpoints
from local.sagemaker.hosting.metrics import Metrics
from local.sagemaker.hosting.models import Models
from local.sagemaker.hosting.runtime import Runtime
from local.sagemaker.identity import Identities
from local.sagemaker.jobs.life import Jobs
from local.sagemaker.jobs.processing import Processing
from local.sagemaker.jobs.training import Training
from local.sagemaker.kinds import ENDPOINT
from local.sagemaker.monitoring.schedules import Lateness, punctual
from local.sagemaker.pipelines.api import Pipelines
from local.sagemaker.plain import generated
from local.sagemaker.registry import Registry
from local.sagemaker.resources import Record, Store
from local.sagemaker.s3 import Files
from local.sagemaker.transform import TransformJobs
from local.sagemaker.tuning import TuningJobs
from local.sagemaker.workers import Workers
from local.sagemaker.written import Written
from local.services import Services


class SageMaker:
    """The families `sagemaker` and `sagemaker-runtime`.

    `images` says which interpreter stands for an image; `isolated_by` how /opt/ml is made (by default the best way
    this machine allows); `late` how long after its turn a monitoring schedule starts: AWS takes up to twenty minutes.
    """

    def __init__(
        self,
        services: Services,
        *,
        images: Images | None = None,
        isolated_by: Isolation | None = None,
        late: Lateness = punctual,
    ) -> None:
        identities, files, images = Identities(services), Files(services), images or ImageEnvironments()
        context = Context(
            services=services,
            store=Store(clock=services.clock, account=services.account, region=services.region, state=services.state),
            files=files,
            workers=Workers(),
            machine=Machine(services, images, identities, isolated_by=isolated_by),
            identities=identities,
        )
        self._workers, self._store = context.workers, context.store
        training = Training(files, images=images, services=services)
        self._jobs = [Jobs(context, Processing(files, images=images, services=services)), Jobs(context, training)]
        self._tuning = TuningJobs(context, jobs=self._jobs[1], contract=training)
        self._transforms = TransformJobs(context)
        self._pipelines, self._endpoints = Pipelines(context), Endpoints(context)
        self._metrics, self._capture = Metrics(services), Capture(services)
        runtime = Runtime(services, self._endpoints, metrics=self._metrics, capture=self._capture)
        self._asynchronous = Asynchronous(context, endpoints=self._endpoints, runtime=runtime)
        self._written = Written(context, self._jobs[0], late=late)
        control = {
            **generated(context.store, services.state, who=identities.user_context),
            **Registry(context).handlers(),
            **Models(context).handlers(),
            **self._pipelines.handlers(),
            **self._endpoints.handlers(),
            **self._written.handlers(),
            **self._transforms.handlers(),
            **self._tuning.handlers(),
        }
        for jobs in self._jobs:
            control.update(jobs.handlers())
        self._families = [
            Family("sagemaker", control),
            Family("sagemaker-runtime", {**runtime.handlers(), **self._asynchronous.handlers()}),
            *self._written.families(),
        ]

    def families(self) -> list[Family]:
        """Both services, with what this cloud knows of each."""
        return self._families

    @property
    def window(self) -> Window:
        """What a browser sees of MLflow's tracking servers."""
        return self._written.mlflow.window

    def endpoint_when(self, name: str, reached: Callable[[Record], bool], *, timeout_seconds: float = 60) -> Record:
        """Wait, in wall time, until an endpoint's record (the members of DescribeEndpoint) is as `reached` wants it.

        Raises TimeoutError, and AwsError for an endpoint that is not there.
        """
        return self._store.until(ENDPOINT, name, reached, timeout_seconds=timeout_seconds)

    def fail_rollback(self, endpoint: str) -> None:
        """Let the rollback of an endpoint's deployment end in UpdateRollbackFailed: a fault to order for tests."""
        self._endpoints.fail_rollback(endpoint)

    def resume(self) -> None:
        """Serve endpoints again; take up records to be written, jobs and executions that ran, unanswered requests."""
        self._written.resume()
        self._endpoints.resume()
        for jobs in self._jobs:
            jobs.resume()
        self._transforms.resume()
        self._tuning.resume()
        self._pipelines.resume()
        self._asynchronous.resume()

    def close(self) -> None:
        """Write what is captured; end every thread, program and server."""
        self._workers.close()
        self._asynchronous.close()
        self._capture.flush()
        self._written.close()
        self._metrics.flush()
        self._pipelines.close()
        for jobs in self._jobs:
            jobs.close()
        self._transforms.close()
        self._tuning.close()
        self._endpoints.close()
        self._workers.join()
