"""What the inference code of models shares: requests become rows, scores become answers, and refusals are sentences.

Content types: ``text/csv``, rows of the features without header in the order of the contract; ``application/json``,
``{"instances": [{"age": 31, …}, …]}``. Answers: ``text/csv``, one score a line; ``application/json``,
``{"predictions": [0.12, …]}``. A payload that cannot be scored is answered by a sentence: 400, 415 for another content
type, 406 for another answer. A score that is no number is answered by a 500: an alarm sees errors, and it sees no NaN.
SageMaker's scikit-learn container turns an exception of inference code into a 500, so a refusal travels through it as
the response it will be.

Where the container's environment masks columns (`masking`), requests are captured here (`capture`) and not by
SageMaker, which would keep them as they came.

It lies in the ``code`` folder of a model's archive, beside ``inference.py`` and ``contract.json``.
"""

from pipelines.serving.endpoint import Endpoint

__all__ = ["Endpoint"]
