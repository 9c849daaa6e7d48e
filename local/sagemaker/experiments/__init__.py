"""Experiments, their trials, the components of these, and the metrics that components are given."""
