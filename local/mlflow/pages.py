"""MLflow's own web pages over a tracking server of the cloud's: a program for the Python that has MLflow.

`pages.py URL PORT_FILE`: reads and writes through the REST API at URL, listens on a free port of loopback, and writes
the port into a file once it does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mlflow.server import app, handlers
from mlflow.store.tracking.rest_store import RestStore
from mlflow.utils.rest_utils import MlflowHostCreds
from werkzeug.serving import make_server


def main(url: str, port_file: str) -> None:
    """Serve until the process is ended."""
    # MLflow's server knows stores of files and of databases alone, and asks for the one that it has made already first.
    handlers._tracking_store = RestStore(lambda: MlflowHostCreds(url))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    written = Path(port_file).with_suffix(".new")
    written.write_text(str(server.server_port), encoding="utf-8")
    written.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
