"""Lets an update of a DynamoDB table change its encryption, and give it a stream again. Patches moto's DynamoHandler.

moto forgets the first, and refuses the second to a table that has ever had a stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moto.core.responses import ActionResult


def update_tables_fully() -> None:
    """Have UpdateTable take SSESpecification as CreateTable does, and StreamSpecification again."""
    from moto.dynamodb.responses import DynamoHandler, DynamoResult

    update = DynamoHandler.update_table
    if update.__module__ == __name__:
        return

    def update_table(self: DynamoHandler) -> ActionResult:
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        had = (table.stream_specification or {}).get("StreamEnabled")
        if self.body.get("StreamSpecification", {}).get("StreamEnabled") and not had:
            table.latest_stream_label = None
        answer = update(self)
        wanted = self.body.get("SSESpecification")
        if wanted is None:
            return answer
        key = table._get_default_encryption_key(self.current_account, self.region)
        table.sse_specification = {"KMSMasterKeyId": key, **wanted}
        return DynamoResult(table.describe())

    DynamoHandler.update_table = update_table  # type: ignore[method-assign]
