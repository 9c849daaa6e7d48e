"""The reactions: small functions that parse an event, decide, act and report.

The verbs are Lambdas, one file each with a `handler`; whatever else is here they are made of.

release    asks of a model what should serve, what does, and what is under way; then does the next thing
    observe     looks: `registry` (packages), `stack`, `tracing` (its events), `listening` (alarms), `endpoint`;
                what was seen is a `situation`
    decide      says what is next, one of `actions`, without looking at anything but the situation:
                `underway` and `ending` of an open release, `settling` and `candidates` when none is open
    act         does it: `checks` (the approval, with `identity`), `messages` (people), `measuring` (metrics)
apply      the only one that updates a stack
rollback   vetoes a version for a person; approve admits one to a later stage (both read a `request`)
watch      each minute: judges a new fleet's `trial` when its `bake` ends, and sends what `traffic` asks for
           (`probing`, with the rows of a `sample`)
track      writes down in MLflow what executions of pipelines came to: `execution` gathers it, `mlflow` is the server,
           `lineage` tells SageMaker of versions of data and code, `decisions` of who let a version in
retrain    starts a model's pipeline when it has drifted: `looking` sees the `drift`, `retraining` decides,
           `origin` knows the code
run_monitor  judges a window of a model's traffic, makes baselines, gathers training data: the room `monitor` does it
sweep      deletes what releases have left: `broom` says what is kept, `remains` finds and deletes

All of them write to and read the `ledger`, whose `records` make a `journal`; `settings` is how infra tells
them their stage, `place` how things of a model are called, `waking` has `release` look again, `errors` is what can
go wrong.
"""
