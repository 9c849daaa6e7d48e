"""One folder a model: its workflow as data, its steps as programs, the code that serves it; and what models share."""
