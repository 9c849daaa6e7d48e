"""The program: makes the files beside this one a package of their own name, and runs it."""

import importlib.util
import json
import sys
from importlib import import_module
from pathlib import Path

PACKAGE = "sluice_offline"
"""A name that hides no module of the author's and no library."""

if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(PACKAGE, here / "__init__.py", submodule_search_locations=[str(here)])
    if spec is None:
        sys.exit(f"{here} cannot be loaded")
    sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    program = import_module(f"{PACKAGE}.program")
    folder, output, request = sys.argv[1:]
    sys.argv[:] = [str(Path(folder) / "pipeline.py")]  # scripts read their options
    sys.exit(program.main(Path(folder), Path(output), json.loads(request)))
