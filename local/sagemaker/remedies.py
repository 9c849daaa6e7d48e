"""What to do about a failure: sentences that are added to a FailureReason where its words tell the cause."""

from __future__ import annotations

import re
from typing import Final

_MOST_CHARACTERS: Final = 1024
_NEXT: Final = "\nWhat to do: "

_REMEDIES: Final = [
    (
        r"No module named '(?P<what>[^'.]+)",
        "name the library of {what} in a requirements.txt beside the script, which script mode installs, or choose an "
        "image that has it.",
    ),
    (
        r"requirements could not be installed",
        "correct the requirements.txt: each of its lines must be there for the image's Python.",
    ),
    (
        r"can't open file '(?P<what>[^']+)'",
        "check the name of the script, and that the input or the source folder that brings it holds {what}.",
    ),
    (
        r"exit code: 12[67]\b",
        "check ContainerEntrypoint: its program must be in the image, or be executable where an input puts it.",
    ),
    (
        r"No space left on device|File too large|Disk quota exceeded",
        "raise VolumeSizeInGB of the step's instance, or write less; on a laptop also free space on its own disk.",
    ),
    (
        r"\bMemoryError\b|ArrayMemoryError|bad_alloc|for want of memory",
        "choose an InstanceType with more memory, or read the data in parts.",
    ),
    (
        r"exit code: 137\b",
        "if nobody killed it, it ran out of memory: choose an InstanceType with more, or read the data in parts.",
    ),
    (
        r"unrecognized arguments: (?P<what>[^\n]+)",
        "hyperparameters become arguments of the script: let it take {what}, or do not give them.",
    ),
    (
        r"Throttling|Rate exceeded|SlowDown",
        'give the step RetryPolicies with "Step.THROTTLING", or run fewer steps at once (ParallelismConfiguration).',
    ),
    (
        r"AccessDenied|not authorized to perform|Access Denied|Forbidden",
        "give the role {role} the action on that resource, or name a resource that it may use.",
    ),
    (
        r"No S3 objects found|\AClientError: .* does not exist|NoSuchKey|NoSuchBucket|\(404\)",
        "check the URI; if a step before this one writes there, look into its log for what it wrote.",
    ),
    (
        r"is not a readable tar.gz archive",
        "make it again as tar -czf with the files at its top, or let the job that writes it end by itself.",
    ),
    (
        r"MaxRuntimeExceeded",
        "raise StoppingCondition.MaxRuntimeInSeconds, or let the program do less.",
    ),
]


def explained(reason: str, *, role: str, log: str = "") -> str:
    """A FailureReason with its remedy, 1024 characters at most, of which the remedy loses none.

    `role` is the name of the role that it was done in.

    Where no cause is known, `log` says where a person reads on, if it says anything.
    """
    known = (
        _told(found, text, role) for pattern, text in _REMEDIES if (found := re.search(pattern, reason, re.DOTALL))
    )
    remedy = next(known, f"read the whole log, {log}." if log else "")
    if not remedy:
        return reason[:_MOST_CHARACTERS]
    return reason[: _MOST_CHARACTERS - len(_NEXT) - len(remedy)].rstrip() + _NEXT + remedy


def _told(found: re.Match[str], text: str, role: str) -> str:
    return text.format(**{"what": "", **found.groupdict()}, role=role)
