"""Reads what monitors look at, in batches: Parquet, CSV, JSON lines, and SageMaker's data capture.

Nothing in the data raises an error. What cannot be read is left out and counted, with examples of where it was.
"""

from monitor.reading.reading import Reading, Skipped
from monitor.reading.sources import Format, read

__all__ = ["Format", "Reading", "Skipped", "read"]
