"""What `benchmarks/monitor.py` measures: the tables, the limit, the analyzer and its peers."""
