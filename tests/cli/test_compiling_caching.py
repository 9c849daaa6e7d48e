import copy

import pytest

from cli.compiling import caching
from tests.cli.compiling_samples import definition, processing

CACHE = {"Enabled": True, "ExpireAfter": "P30D"}
EXECUTION = {"Get": "Execution.PipelineExecutionId"}
OUTPUT = "ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"


def reading(name, source, **extra):
    """A cached step that reads what `source` says."""
    step = processing(name, CacheConfig=CACHE, **extra)
    step["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"] = source
    return step


def writing(name, *, place=EXECUTION, **extra):
    """A step that writes to a place."""
    step = processing(name, **extra)
    step["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = {
        "Std:Join": {"On": "/", "Values": ["s3://b", copy.deepcopy(place)]}
    }
    return step


TRAIN = {"Name": "Train", "Type": "Training", "Arguments": {}}
MODEL = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}

HITS = {
    "constants": definition(reading("Use", "s3://b/k")),
    "a parameter": definition(reading("Use", {"Get": "Parameters.MinAuc"})),
    "the pipeline's name": definition(reading("Use", {"Get": "Execution.PipelineName"})),
    "a place of its own for its output": definition(writing("Use", CacheConfig=CACHE)),
    "a cached producer": definition(
        writing("Prepare", CacheConfig=CACHE), reading("Use", {"Get": f"Steps.Prepare.{OUTPUT}"})
    ),
    "a producer that writes to the same place": definition(
        writing("Prepare", place="k"), reading("Use", {"Get": f"Steps.Prepare.{OUTPUT}"})
    ),
    "a cached training": definition({**TRAIN, "CacheConfig": CACHE}, reading("Use", MODEL)),
    "no cache": definition(writing("Prepare"), {**reading("Use", EXECUTION), "CacheConfig": {"Enabled": False}}),
}

MISSES = {
    "the execution in an input": (
        definition(reading("Use", EXECUTION)),
        "ProcessingInputs[code].S3Input.S3Uri has Execution.PipelineExecutionId, which is another one in each",
    ),
    "the time in an input": (
        definition(reading("Use", {"Std:Join": {"On": "/", "Values": [{"Get": "Execution.StartDateTime"}]}})),
        "ProcessingInputs[code].S3Input.S3Uri has Execution.StartDateTime",
    ),
    "a producer that is not cached": (
        definition(writing("Prepare"), reading("Use", {"Get": f"Steps.Prepare.{OUTPUT}"})),
        "step Prepare, which is not cached, writes to a place made of Execution.PipelineExecutionId; cache it too",
    ),
    "a training that is not cached": (
        definition(TRAIN, reading("Use", MODEL)),
        "Steps.Train.ModelArtifacts.S3ModelArtifacts, and step Train, which is not cached, gives another one each time",
    ),
}


@pytest.mark.parametrize("pipeline", HITS.values(), ids=HITS.keys())
def test_caches_that_can_hit_pass(pipeline):
    """A key that two executions can share is no finding, nor is a step without a cache."""
    assert caching.findings(pipeline) == []


@pytest.mark.parametrize(("pipeline", "sentence"), MISSES.values(), ids=MISSES.keys())
def test_caches_that_never_hit_are_told(pipeline, sentence):
    """A warning says which part of the key changes, and why."""
    (finding,) = caching.findings(pipeline)
    assert finding.sentence.startswith("Step Use: its cache never hits: ")
    assert sentence in finding.sentence
    assert finding.warning


def test_a_cache_behind_a_cache_that_never_hits_does_not_either():
    """Both are told; the second names the first."""
    producer = writing("Prepare", CacheConfig=CACHE)
    producer["Arguments"]["Environment"] = {"RUN": EXECUTION}
    first, second = caching.findings(definition(producer, reading("Use", {"Get": f"Steps.Prepare.{OUTPUT}"})))
    assert "Step Prepare: its cache never hits: Environment.RUN has Execution.PipelineExecutionId" in first.sentence
    assert "step Prepare is never taken from its cache" in second.sentence
