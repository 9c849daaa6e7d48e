"""The checksum of a copied object, which moto takes from its source, though the source's may be one of parts.

Source: Amazon S3 User Guide, "Checking object integrity in Amazon S3": a copy has the checksum of its whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from moto.s3.models import FakeKey, S3Backend

_OF_PARTS: Final = "COMPOSITE"


def sum_copies_up() -> None:
    """Have moto sum up the copy of what was uploaded in parts; clients that verify what they read fail otherwise."""
    from moto.s3.models import S3Backend
    from moto.s3.utils import compute_checksum

    copy_object = S3Backend.copy_object
    if copy_object.__module__ == __name__:
        return

    def copy(
        self: S3Backend, src_key: FakeKey, dest_bucket_name: str, dest_key_name: str, *args: object, **more: object
    ) -> None:
        copy_object(self, src_key, dest_bucket_name, dest_key_name, *args, **more)  # type: ignore[arg-type] # as they came
        copied = self.get_object(dest_bucket_name, dest_key_name)
        if src_key.checksum_type == _OF_PARTS and copied is not None and copied.checksum_algorithm:
            whole = compute_checksum(copied.value, algorithm=copied.checksum_algorithm)
            copied.checksum_value, copied.checksum_type = whole.decode(), "FULL_OBJECT"

    S3Backend.copy_object = copy  # type: ignore[method-assign]
