"""Lets an update of a DynamoDB table change its encryption, which moto's forgets. Patches moto's DynamoHandler."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moto.core.responses import ActionResult


def encrypt_on_update() -> None:
    """Have UpdateTable take SSESpecification as CreateTable does."""
    from moto.dynamodb.responses import DynamoHandler, DynamoResult

    update = DynamoHandler.update_table
    if update.__module__ == __name__:
        return

    def update_table(self: DynamoHandler) -> ActionResult:
        answer = update(self)
        wanted = self.body.get("SSESpecification")
        if wanted is None:
            return answer
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        key = table._get_default_encryption_key(self.current_account, self.region)
        table.sse_specification = {"KMSMasterKeyId": key, **wanted}
        return DynamoResult(table.describe())

    DynamoHandler.update_table = update_table  # type: ignore[method-assign]
