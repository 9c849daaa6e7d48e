"""Serves the model: rows of flats in, the rent of each out.

Content types, answers and refusals are those of `pipelines/serving`; the columns are the features of contract.json.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.serving import Endpoint

_endpoint = Endpoint(Path(__file__).with_name("contract.json"), score=lambda model, rows: model.predict(rows))

# The functions that SageMaker's scikit-learn container looks for; a def of the same name takes their place.
model_fn = _endpoint.model_fn
input_fn = _endpoint.input_fn
predict_fn = _endpoint.predict_fn
output_fn = _endpoint.output_fn
