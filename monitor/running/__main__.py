"""What a Processing job runs: ``python -m monitor.running name=value …``."""

from __future__ import annotations

import json
import sys

from monitor.running import job

sys.stdout.write(json.dumps(job.main(sys.argv[1:]), indent=1) + "\n")
