"""How often the monitor of data quality is wrong: false alarms on unchanged data, shifts that it misses."""
