import gc
import weakref

import pytest

from local.sagemaker.context import Context
from local.sagemaker.errors import Unhealthy
from local.sagemaker.hosting.fleets import ServerFleets
from local.sagemaker.hosting.kept import Kept
from local.sagemaker.kinds import MODEL
from tests.local.sagemaker.fakes import Hosting

ENTRY = {"VariantName": "V", "ModelName": "m", "InitialVariantWeight": 1.0}


def test_a_fleet_that_is_over_is_kept_by_nobody(tmp_path):
    """A thousand deployments leave no more behind than one; a fleet that is in use is ended with the cloud."""
    hosting = Hosting(tmp_path)
    hosting.store.add(MODEL, "m", {"PrimaryContainer": {"Image": "i"}, "ExecutionRoleArn": "r"})
    fleets = ServerFleets(Context(hosting.services, hosting.store, None, hosting.workers, None, None))
    config = {"EndpointConfigName": "c", "ProductionVariants": [ENTRY]}
    used = fleets.make("e", config, Kept())
    over = weakref.ref(fleets.make("e", config, Kept()))
    gc.collect()
    assert over() is None
    fleets.stop()
    with pytest.raises(Unhealthy, match="stopped"):
        used.launch({"V": 0})
