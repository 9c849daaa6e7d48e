"""SageMaker as a part of the local cloud: registry, pipelines, jobs, hosting and runtime over one store."""

from __future__ import annotations

from local.front import Family
from local.images import ImageEnvironments, Images
from local.sagemaker.containers.isolation import Isolation
from local.sagemaker.containers.machine import Machine
from local.sagemaker.hosting.capture import Capture
from local.sagemaker.hosting.endpoints import Endpoints
from local.sagemaker.hosting.fleet import Fleets
from local.sagemaker.hosting.metrics import Metrics
from local.sagemaker.hosting.models import Models
from local.sagemaker.hosting.runtime import Runtime
from local.sagemaker.identity import Identities
from local.sagemaker.jobs.life import Jobs
from local.sagemaker.jobs.processing import Processing
from local.sagemaker.jobs.training import Training
from local.sagemaker.pipelines.api import Pipelines
from local.sagemaker.registry import Registry
from local.sagemaker.resources import Store
from local.sagemaker.s3 import Files
from local.sagemaker.structural import tagging
from local.sagemaker.workers import Workers
from local.services import Services


class SageMaker:
    """The families `sagemaker` and `sagemaker-runtime`.

    `images` says which interpreter stands for an image; `isolated_by` how /opt/ml is made (by default the best way
    this machine allows).
    """

    def __init__(
        self, services: Services, *, images: Images | None = None, isolated_by: Isolation | None = None
    ) -> None:
        store = Store(clock=services.clock, account=services.account, region=services.region)
        machine = Machine(services, images or ImageEnvironments(), isolated_by=isolated_by)
        files, identities, workers = Files(services), Identities(services), Workers()
        contracts = (Processing(files), Training(files, services.clock))
        self._workers = workers
        self._jobs = [Jobs(services, store, machine=machine, workers=workers, contract=kind) for kind in contracts]
        self._pipelines = Pipelines(services, store, machine=machine, workers=workers, identities=identities)
        self._endpoints = Endpoints(services, store, fleets=Fleets(services, store, machine), workers=workers)
        self._metrics, self._capture = Metrics(services), Capture(services)
        runtime = Runtime(services, self._endpoints, metrics=self._metrics, capture=self._capture)
        control = {
            **tagging(store),
            **Registry(services, store, identities).handlers(),
            **Models(store, files, machine).handlers(),
            **self._pipelines.handlers(),
            **self._endpoints.handlers(),
        }
        for jobs in self._jobs:
            control.update(jobs.handlers())
        self._families = [Family("sagemaker", control), Family("sagemaker-runtime", runtime.handlers())]

    def families(self) -> list[Family]:
        """Both services, with what this cloud knows of each."""
        return self._families

    def close(self) -> None:
        """Write what is captured; end every thread, program and server."""
        self._workers.close()
        self._capture.flush()
        self._metrics.flush()
        self._pipelines.close()
        for jobs in self._jobs:
            jobs.close()
        self._endpoints.close()
        self._workers.join()
