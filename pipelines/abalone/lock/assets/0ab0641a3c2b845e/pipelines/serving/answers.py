"""The scores of a model, and what is answered with them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from werkzeug.wrappers import Response

from pipelines.serving.refusals import CSV, JSON, media_type, refusal


def scores(given: Iterable[float]) -> list[float] | Response:
    """What a model gives for each row; or the refusal of a score that is no finite number."""
    found = [float(each) for each in given]
    wrong = [number for number, each in enumerate(found, start=1) if not math.isfinite(each)]
    return refusal(500, f"The model's score of row {wrong[0]} is no finite number.") if wrong else found


def answer(prediction: list[float] | Response, accept: str) -> tuple[str, str] | Response:
    """The scores at full precision as text of the type ``accept`` asks for, with that type; or the refusal."""
    if isinstance(prediction, Response):
        return prediction
    wanted = media_type(accept or CSV)
    if wanted in (CSV, "*/*"):
        return "".join(f"{value!r}\n" for value in prediction), CSV
    if wanted == JSON:
        return json.dumps({"predictions": prediction}), JSON
    return refusal(406, f"Answers of type {accept} are not given; accept {CSV} or {JSON}.")
