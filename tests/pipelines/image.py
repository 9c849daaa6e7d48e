"""An image's interpreter, kept running for tests."""

import json


class Image:
    """The image's interpreter."""

    def __init__(self, process, python):
        self._process, self.python = process, python

    def run(self, program, *argv):
        """Run a file as a program: exit code, standard output, standard error."""
        return self._ask(verb="run", program=str(program), argv=[str(word) for word in argv])

    def serve(self, model_dir, body, *, content_type="text/csv", accept="text/csv"):
        """Score a payload with the model in ``model_dir``: status, body and type of the answer."""
        code = str(model_dir / "code" / "inference.py")
        request = {"model_dir": str(model_dir), "body": body, "content_type": content_type, "accept": accept}
        return self._ask(verb="serve", code=code, **request)

    def call(self, function, *arguments):
        """What a function ``module:name`` gives for JSON arguments, or the text of what it raises."""
        return self._ask(verb="call", function=function, arguments=arguments)

    def _ask(self, **request):
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
