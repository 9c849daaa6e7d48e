"""Monitoring schedules: when they run, the jobs of an execution, and what is told of it."""
