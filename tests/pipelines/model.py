"""A model's pipeline, step by step, in the image's interpreter, with the options that its lock gives the steps."""

import csv
import io
import json
import shutil
import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SHARED = Path(__file__).parents[2] / "pipelines"


class Model:
    """The model in a folder of `pipelines`."""

    def __init__(self, folder, image, scratch):
        self.folder, self._image, self._scratch = folder, image, scratch
        self.definition = json.loads((folder / "lock" / "definition.json").read_text())
        self._steps = {step["Name"]: step["Arguments"] for step in self.definition["Steps"]}

    @property
    def data(self):
        """The data file that the model brings."""
        (file,) = (self.folder / "data").glob("*.csv")
        return file

    def changed(self, folder, column, value, *, line=5):
        """A copy of the data in ``folder`` with one value replaced."""
        rows = list(csv.reader(self.data.read_text().splitlines()))
        rows[line - 1][rows[0].index(column)] = value
        with (folder / "changed.csv").open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        return folder / "changed.csv"

    @property
    def defaults(self):
        """The pipeline's parameters as the lock has them."""
        return {each["Name"]: each["DefaultValue"] for each in self.definition["Parameters"]}

    def prepare(self, folder, *, data=None, **parameters):
        """Run Prepare on a CSV file, by default the model's own, into the folders of a run."""
        (folder / "data").mkdir(parents=True)
        shutil.copy(data or self.data, folder / "data")
        names = ("data", "train", "test", "report", "message")
        folders = {**{name: folder / name for name in names}, "contract": self.folder}
        return self.step("prepare", *self._arguments("Prepare", parameters), **folders)

    def train(self, folder, **parameters):
        """Run Train on the folders of a run and pack the model as SageMaker does."""
        self._bring_serving_code(folder / "serving")
        hyperparameters = self._resolved(self._steps["Train"]["HyperParameters"], parameters)
        options = [word for name, value in hyperparameters.items() for word in (f"--{name}", value)]
        folders = {"train": folder / "train", "serving": folder / "serving", "model_dir": folder / "model"}
        done = self.step("train", *options, **folders)
        (folder / "packed").mkdir(exist_ok=True)
        with tarfile.open(folder / "packed" / "model.tar.gz", "w:gz") as archive:
            archive.add(folder / "model", arcname=".")
        return done

    def evaluate(self, folder, *, output="evaluation", **parameters):
        """Run Evaluate on the folders of a run; ``parameters`` replace defaults, such as a limit."""
        folders = {"model": folder / "packed", **{name: folder / name for name in ("train", "test", "report")}}
        folders["contract"] = self.folder
        arguments = self._arguments("Evaluate", parameters)
        return self.step("evaluate", *arguments, **folders, evaluation=folder / output, message=folder / "message")

    def step(self, name, *words, **folders):
        """Run a step's program."""
        options = [word for name, path in folders.items() for word in (f"--{name.replace('_', '-')}", path)]
        return self._image.run(self.folder / "steps" / f"{name}.py", *words, *options)

    def serve(self, model_dir, body, **types):
        """Score a payload with a model folder."""
        return self._image.serve(model_dir, body, **types)

    @cached_property
    def trained(self):
        """One execution on the real data up to the gate; no test writes into it but new folders."""
        folder = self._scratch(self.folder.name)
        for done in (self.prepare(folder), self.train(folder), self.evaluate(folder)):
            assert done["code"] == 0, done["err"]
        return Run(folder)

    def _bring_serving_code(self, folder):
        shutil.copytree(SHARED / "serving", folder / "pipelines" / "serving", dirs_exist_ok=True)
        for file in ("inference.py", "contract.json"):
            shutil.copy(self.folder / file, folder)

    def _arguments(self, step, parameters):
        return self._resolved(self._steps[step]["AppSpecification"].get("ContainerArguments", []), parameters)

    def _resolved(self, value, parameters):
        if isinstance(value, list):
            return [self._resolved(each, parameters) for each in value]
        if isinstance(value, dict) and "Std:Join" in value:
            return value["Std:Join"]["On"].join(map(str, self._resolved(value["Std:Join"]["Values"], parameters)))
        if isinstance(value, dict) and "Get" in value:
            return {**self.defaults, **parameters}[value["Get"].removeprefix("Parameters.")]
        if isinstance(value, dict):
            return {name: self._resolved(each, parameters) for name, each in value.items()}
        return value


@dataclass
class Run:
    """The folders of one execution."""

    folder: Path

    def __getattr__(self, name):
        return self.folder / name

    def json(self, path):
        return json.loads((self.folder / path).read_text())

    def rows(self, path):
        with (self.folder / path).open(newline="") as file:
            return list(csv.DictReader(file))

    def payload(self, rows, **replaced):
        """The features of prepared rows as CSV without header, some values replaced in all of them."""
        text = io.StringIO()
        table = [{**row, **replaced} for row in rows]
        csv.writer(text, lineterminator="\n").writerows(list(row.values())[1:] for row in table)
        return text.getvalue()
