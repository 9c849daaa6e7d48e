"""Processing and training jobs that really run."""
