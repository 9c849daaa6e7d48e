"""Runs of the monitors in an account: from what stands in S3 to files, a report, metrics and an event.

What talks to AWS is here, but for what asks a model for Clarify. `run` judges a window and `publishing` says what was
found, be it in a function or in the Processing `job` that takes a window too large for one; `baseline` and
`training_data` are made for pipelines. Where things stand: `place`, `window`, `serving`, `storage`, `labels`.
"""
