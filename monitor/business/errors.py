"""What is wrong with an expression.

ValueError
└── ExpressionError   what is wrong, and at which character
"""

from __future__ import annotations

import ast


class ExpressionError(ValueError):
    """An expression that cannot be understood or computed; its text is one sentence with the place."""

    def __init__(self, text: str, at: ast.expr | int | None, fault: str) -> None:
        column = _character(text, at) if isinstance(at, ast.expr) else at
        where = f"Character {column} of the expression" if column else "The expression"
        super().__init__(f"{where} {text.strip()!r}: {fault}.")
        self.column = column


def _character(text: str, node: ast.expr) -> int:
    """Where a node begins, from 1; nodes count bytes from 0, and from the first character that is no blank."""
    blanks = len(text) - len(text.lstrip())
    return blanks + 1 + len(text.strip().encode()[: node.col_offset].decode(errors="ignore"))
