import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest

from local.clock import Clock
from local.errors import AwsError
from local.sagemaker.kinds import TRAINING_JOB, TUNING_JOB
from local.sagemaker.resources import Store
from local.sagemaker.tuning.life import Life
from local.sagemaker.workers import Workers
from local.state import State

REQUEST = {
    "HyperParameterTuningJobConfig": {
        "Strategy": "Grid",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxParallelTrainingJobs": 3, "MaxRuntimeInSeconds": 60},
        "ParameterRanges": {"CategoricalParameterRanges": [{"Name": "x", "Values": ["1", "2", "3"]}]},
    },
    "TrainingJobDefinition": {},
    "HyperParameterTuningJobStatus": "InProgress",
    "Seed": 1,
    "Trials": [],
}


class Trials:
    """Training jobs that run until they are stopped; `then` happens when the one of that number has been made."""

    def __init__(self, store):
        self.store, self.made, self.halted, self.then = store, [], [], {}

    def make(self, params):
        self.made.append(params["TrainingJobName"])
        record = self.store.add(TRAINING_JOB, self.made[-1], {**params, "TrainingJobStatus": "InProgress"})
        self.then.get(len(self.made), lambda: None)()
        return record

    def halt(self, name):
        self.halted.append(name)
        self.store.change(TRAINING_JOB, name, TrainingJobStatus="Stopped")


class Search:
    """A tuning job and its thread; `at_end` is its status once it has ended, or the cloud is stopping."""

    def __init__(self, folder):
        self.clock, self.workers = Clock(speed=0), Workers()
        state = State.in_memory()
        self.store = Store(clock=self.clock, account="123456789012", region="eu-west-1", state=state)
        services = SimpleNamespace(clock=self.clock, workdir=folder, emit=lambda *_, **__: None)
        self.context = SimpleNamespace(services=services, store=self.store, workers=self.workers)
        self.store.add(TUNING_JOB, "t", REQUEST)
        self.trials = Trials(self.store)

    @property
    def status(self):
        return self.store.get(TUNING_JOB, "t")["HyperParameterTuningJobStatus"]

    def run(self):
        thread = threading.Thread(target=Life(self.context, "t", jobs=self.trials).run, daemon=True)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
        return self.status


@pytest.fixture
def search(tmp_path):
    """A grid of three trials at once, within a minute."""
    search = Search(tmp_path)
    yield search
    search.workers.close()
    search.store.wake()
    search.clock.close()


def test_nothing_is_launched_after_a_stop(search):
    """Which comes while the first of three trials is launched; that one is stopped."""
    search.trials.then[1] = lambda: search.store.change(TUNING_JOB, "t", HyperParameterTuningJobStatus="Stopping")
    assert (search.run(), len(search.trials.made), search.trials.halted) == ("Stopped", 1, search.trials.made)


def test_trials_go_on_when_the_cloud_stops_while_another_is_launched(search):
    """None is stopped, nothing is concluded: the next process takes all of them up."""

    def close():
        search.workers.close()
        raise AwsError("InternalFailure", "the local cloud is stopping")

    search.trials.then[2] = close
    assert (search.run(), search.trials.halted) == ("InProgress", [])


def test_a_time_that_is_up_while_a_trial_is_launched_ends_the_search(search):
    """It is not missed, though no trial ever ends by itself."""
    search.trials.then[3] = lambda: search.clock.advance(timedelta(seconds=61))
    search.run()
    assert search.trials.halted == search.trials.made
