"""Runs an author's pipeline.py without network and writes down what it defines; a program of its own.

``python offline/__main__.py FOLDER OUTPUT REQUEST`` is called with the model's folder, an output folder, and JSON: the
``sdk`` (2 or 3) the author writes for, the ``values`` that the author's code may ask for by name, and the ``place``
(account, region) that AWS's answers come from. The output folder receives

- ``definition.json`` and ``uploads/<bucket>/<key>``, or ``fault.txt`` with one sentence for the author;
- ``heard.json``: ``steps`` and ``parameters`` (name → ``file:line`` where they are made) and ``notes``, sentences.

It runs under the interpreter that has the SageMaker SDK, so it imports nothing of the kit but its own files.
"""
