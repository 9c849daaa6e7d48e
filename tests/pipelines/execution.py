"""One execution of the credit risk pipeline, step by step, in the image's interpreter."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "pipelines" / "credit_risk"
DATA = MODEL / "data" / "german.csv"


class Image:
    """The image's interpreter, kept running."""

    def __init__(self, process):
        self._process = process

    def run(self, step, **options):
        """Run a step with options as a program: exit code, standard output, standard error."""
        argv = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        return self._ask(verb="run", program=str(MODEL / "steps" / f"{step}.py"), argv=argv)

    def serve(self, model_dir, body, *, content_type="text/csv", accept="text/csv"):
        """Score a payload with the model in ``model_dir``: status, body and type of the answer."""
        code = str(model_dir / "code" / "inference.py")
        request = {"model_dir": str(model_dir), "body": body, "content_type": content_type, "accept": accept}
        return self._ask(verb="serve", code=code, **request)

    def _ask(self, **request):
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


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
        csv.writer(text).writerows([value for name, value in row.items() if name != "bad"] for row in table)
        return text.getvalue()
