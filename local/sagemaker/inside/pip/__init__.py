"""Stands in for pip: installs beside an image's interpreter, never into it."""
