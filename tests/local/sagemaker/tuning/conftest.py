"""One SageMaker for all tests of a file; each tuning job has a name of its own."""

import pytest

from tests.local.sagemaker.conftest import World

SCRIPT = """
import json, pathlib, sys, time
given = json.load(open("/opt/ml/input/config/hyperparameters.json"))
for epoch in range(int(given.get("epochs", "1"))):
    print(f"loss={abs(float(given['x']) - 3) + 1 / (epoch + 1)}")
pathlib.Path("/opt/ml/model/x").write_text(given["x"])
if given.get("gate"):
    time.sleep(600)
if given.get("broken"):
    sys.exit("no data")
"""
ENDED = ("Completed", "Failed", "Stopped")


class Tuning(World):
    """A world with requests for tuning jobs."""

    def request(self, *, static=None, ranges=None, strategy="Grid", most=None, parallel=2, **config):
        """A CreateHyperParameterTuningJob request without its name: by default a grid of x over 1, 2 and 3."""
        training = self.training(SCRIPT)
        algorithm = training["AlgorithmSpecification"]
        del algorithm["ContainerEntrypoint"]  # a tuning job's trials have none
        code = self.archive("tuned/sourcedir.tar.gz", {"train.py": SCRIPT})
        own = {"sagemaker_program": "train.py", "sagemaker_submit_directory": code}
        algorithm["MetricDefinitions"] = [{"Name": "loss", "Regex": r"loss=([0-9.]+)"}]
        numbers = {"CategoricalParameterRanges": [{"Name": "x", "Values": ["1", "2", "3"]}]}
        limits = {"MaxParallelTrainingJobs": parallel, **({"MaxNumberOfTrainingJobs": most} if most else {})}
        return {
            "HyperParameterTuningJobConfig": {
                "Strategy": strategy,
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
                "ResourceLimits": limits,
                "ParameterRanges": ranges or numbers,
                **config,
            },
            "TrainingJobDefinition": {**training, "StaticHyperParameters": {**own, **(static or {})}},
        }

    def start(self, name, **how):
        """Start a tuning job."""
        return self.sm.create_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, **self.request(**how))

    def described(self, name):
        """What DescribeHyperParameterTuningJob says."""
        return self.sm.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

    def tuned(self, name, **how):
        """A tuning job that was started and has ended."""
        self.start(name, **how)
        return self.until(lambda: self.described(name), lambda job: job["HyperParameterTuningJobStatus"] in ENDED)

    def trials(self, name, **how):
        """The summaries of its training jobs."""
        listed = self.sm.list_training_jobs_for_hyper_parameter_tuning_job
        return listed(HyperParameterTuningJobName=name, **how)["TrainingJobSummaries"]


@pytest.fixture(scope="module")
def tuning(lasting_cloud):
    """A world that the tests of a file share."""
    return Tuning(lasting_cloud)
