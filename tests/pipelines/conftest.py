import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.pipelines.execution import DATA, MODEL, Image, Run


@pytest.fixture(scope="session")
def image(image_python):
    """Runs programs in the image's interpreter."""
    command = [str(image_python), str(Path(__file__).with_name("inside.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Image(process)
        process.stdin.close()


@pytest.fixture(scope="session")
def prepare(image):
    """Runs Prepare on a CSV file into the folders of a run."""

    def prepare(folder, *, data=DATA, seed=20):
        (folder / "data").mkdir(parents=True)
        shutil.copy(data, folder / "data")
        names = ("data", "train", "test", "report", "message")
        return image.run("prepare", seed=seed, **{name: folder / name for name in names})

    return prepare


@pytest.fixture(scope="session")
def train(image):
    """Runs Train on the folders of a run and packs the model as SageMaker does."""

    def train(folder, *, seed=20):
        (folder / "serving").mkdir(exist_ok=True)
        shutil.copy(MODEL / "inference.py", folder / "serving")
        options = {"train": folder / "train", "serving": folder / "serving", "model_dir": folder / "model"}
        done = image.run("train", seed=seed, regularization=0.3, **options)
        (folder / "packed").mkdir(exist_ok=True)
        with tarfile.open(folder / "packed" / "model.tar.gz", "w:gz") as archive:
            archive.add(folder / "model", arcname=".")
        return done

    return train


@pytest.fixture(scope="session")
def evaluate(image):
    """Runs Evaluate on the folders of a run."""

    def evaluate(folder, *, output="evaluation", min_auc=0.7, max_brier=0.2, max_cost=0.65):
        limits = {"min_auc": min_auc, "max_brier": max_brier, "max_cost": max_cost}
        folders = {"model": folder / "packed", "test": folder / "test", "report": folder / "report"}
        return image.run("evaluate", **limits, **folders, output=folder / output)

    return evaluate


@pytest.fixture(scope="session")
def trained(tmp_path_factory, prepare, train, evaluate):
    """One execution on the real data up to the gate; no test writes into it but new folders."""
    folder = tmp_path_factory.mktemp("run")
    for done in (prepare(folder), train(folder), evaluate(folder)):
        assert done["code"] == 0, done["err"]
    return Run(folder)
