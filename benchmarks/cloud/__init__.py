"""What benchmarks/local_cloud.py measures with."""
