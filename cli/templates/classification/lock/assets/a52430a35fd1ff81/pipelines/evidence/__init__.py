"""What the steps of models share while they run: the contract of the data, metrics, plots, and what a run leaves.

It runs in the image of a job, so it is written for that image's Python and imports nothing but the standard library
and the image's libraries. A job finds it on its PYTHONPATH.
"""
