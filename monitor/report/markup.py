"""Elements of the page: a tree that the standard library writes out, so that no text of data is taken for HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from xml.etree import ElementTree

Node: TypeAlias = "ElementTree.Element | str | Iterable[Node] | None"
"""What may stand inside an element: others, text, nothing, or several of them."""

_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters and lone surrogates, which data may have and no page may."""


def element(tag: str, /, *children: Node, **attributes: str | float | None) -> ElementTree.Element:
    """An element. `class_` is written `class`, `data_value` `data-value`; attributes that are None are left out."""
    made = ElementTree.Element(
        tag, {_spelled(name): _written(value) for name, value in attributes.items() if value is not None}
    )
    for child in children:
        _put(made, child)
    return made


def document(root: ElementTree.Element) -> str:
    """A whole HTML page."""
    return "<!DOCTYPE html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"


def _put(parent: ElementTree.Element, child: Node) -> None:
    if child is None:
        return
    if isinstance(child, ElementTree.Element):
        parent.append(child)
    elif isinstance(child, str):
        _say(parent, _UNWRITABLE.sub("�", child))
    else:
        for each in child:
            _put(parent, each)


def _say(parent: ElementTree.Element, text: str) -> None:
    """Text stands behind the last child that there is: ElementTree calls that the child's tail."""
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text


def _spelled(name: str) -> str:
    return name if name in _CAMEL else name.rstrip("_").replace("_", "-")


def _written(value: str | float) -> str:
    if isinstance(value, str):
        return _UNWRITABLE.sub("�", value)
    return f"{value:.1f}".removesuffix(".0")


_CAMEL = ("viewBox", "preserveAspectRatio")
