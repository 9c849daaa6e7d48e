"""Serves the model: rows of measures in, the number of rings of each abalone out.

Requests, answers and refusals are those of `pipelines/serving`; the columns are the features of contract.json.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.serving import Endpoint

_endpoint = Endpoint(Path(__file__).with_name("contract.json"), score=lambda model, rows: model.predict(rows))
model_fn, input_fn, predict_fn, output_fn = _endpoint.functions
