"""Runs steps and inference code inside an image's interpreter for tests: a JSON request a line, a JSON answer a line.

One process for all requests, since importing scikit-learn takes longer than any of them.
"""

import contextlib
import importlib
import importlib.util
import io
import json
import runpy
import sys


def run(program, argv):
    """What running a file as a program gives: its exit code and what it prints."""
    out, err = io.StringIO(), io.StringIO()
    sys.argv = [program, *argv]
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            runpy.run_path(program, run_name="__main__")
        except SystemExit as end:
            code = end.code
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def serve(code, model_dir, body, content_type, accept):
    """What the scikit-learn container answers: the four functions in turn, a tuple becoming a response."""
    spec = importlib.util.spec_from_file_location("inference", code)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = module.input_fn(body, content_type)
    answer = module.output_fn(module.predict_fn(rows, module.model_fn(model_dir)), accept)
    if isinstance(answer, tuple):
        return {"status": 200, "body": answer[0], "type": answer[1]}
    return {"status": answer.status_code, "body": answer.get_data(as_text=True), "type": answer.mimetype}


def call(function, arguments):
    """What a function gives."""
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)(*arguments)


def main():
    """Answer until the standard input ends."""
    verbs = {"run": run, "serve": serve, "call": call}
    for line in sys.stdin:
        request = json.loads(line)
        sys.stdout.write(json.dumps(verbs[request.pop("verb")](**request)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
