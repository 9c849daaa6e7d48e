"""What benchmarks/pipeline_overhead.py measures with: runners of chains, each a process that a person would start."""
