"""Stands in for pip: a local run never changes an image's interpreter."""
