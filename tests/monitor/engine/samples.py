"""Captured records for tests, in the form that SageMaker writes them (Developer Guide, "Capture data")."""

import base64
import json


def record(request, answer, *, number=0, encoding=None, label=None, inference_id=None, time="2026-11-02T09:30:50Z"):
    """One line of a capture file; None for `request` or `answer` leaves that side out."""
    sides = {}
    for name, mode, data in (("endpointInput", "INPUT", request), ("endpointOutput", "OUTPUT", answer)):
        if data is not None:
            text = base64.b64encode(data.encode()).decode() if encoding == "BASE64" else data
            is_json = data.startswith(("[", "{"))
            kind = "application/json" if is_json else "text/csv"
            own = encoding or ("JSON" if is_json else "CSV")
            sides[name] = {"observedContentType": kind, "mode": mode, "data": text, "encoding": own}
    metadata = {"eventId": f"event-{number}", "customAttributes": ["trace=1"], "inferenceTime": time}
    if inference_id:
        metadata["inferenceId"] = inference_id
    document = {"captureData": sides, "eventMetadata": metadata, "eventVersion": "0"}
    if label is not None:
        document["groundTruthData"] = {"data": label, "encoding": "CSV"}
    return json.dumps(document)


def table(reading):
    """All rows of a reading, as dictionaries, in order."""
    return [row for batch in reading for row in batch.to_pylist()]


def counts(reading):
    """Reason → how much was left out."""
    return {reason: skipped.count for reason, skipped in reading.skipped.items()}
