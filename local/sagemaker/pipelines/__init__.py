"""Pipelines whose steps really run."""
