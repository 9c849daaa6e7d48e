"""Executions of pipelines: started, looked at, followed, judged; behind `run`, `runs`, `logs` and `stop`."""
