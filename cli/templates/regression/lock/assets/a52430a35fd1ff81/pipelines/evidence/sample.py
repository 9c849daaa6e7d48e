"""Rows to probe an endpoint with, as the sample payload of a model package."""

from __future__ import annotations

import gzip
import io
import tarfile

import pandas as pd

MOST_ROWS = 500


def packed(features: pd.DataFrame) -> bytes:
    """Held-out rows as a sample payload: a .tar.gz of CSV without header, the same bytes for the same rows.

    As many as there are, up to ``MOST_ROWS``: a fault that only some rows meet should meet one of these. The form is
    that of SamplePayloadUrl (SageMaker API Reference, "CreateModelPackage").
    """
    rows = features.head(MOST_ROWS).to_csv(index=False, header=False).encode()
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("rows.csv")
        member.size = len(rows)
        archive.addfile(member, io.BytesIO(rows))
    return target.getvalue()
