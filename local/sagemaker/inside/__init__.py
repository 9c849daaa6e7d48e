"""Programs that run inside containers, under the image's own Python: they use the standard library alone."""
