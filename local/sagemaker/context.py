"""What every room of the local SageMaker shares."""

from __future__ import annotations

from dataclasses import dataclass

from local.sagemaker.containers.machine import Machine
from local.sagemaker.identity import Identities
from local.sagemaker.lineage.automatic import Recorder
from local.sagemaker.resources import Store
from local.sagemaker.s3 import Files
from local.sagemaker.workers import Workers
from local.services import Services


@dataclass(frozen=True)
class Context:
    """The cloud's services, and SageMaker's own store, files, threads, machine and identities."""

    services: Services
    store: Store
    files: Files
    workers: Workers
    machine: Machine
    identities: Identities

    @property
    def lineage(self) -> Recorder:
        """Where the rooms tell what came of what."""
        return Recorder(self.store)
