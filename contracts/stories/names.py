"""Saved names within texts: `$session` stands for a saved value, `$$` for a literal dollar at the beginning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

Kind = Literal["token", "session", "client"]

_REFERENCE = re.compile(r"\$([a-z][a-z0-9_]{0,30})")


def reference(text: str) -> str | None:
    """Return the name that `text` refers to; None if it is literal."""
    match = _REFERENCE.fullmatch(text)
    return match[1] if match else None


def literal(text: str) -> str:
    """Return the value of a text that is not a reference."""
    return text[1:] if text.startswith("$$") else text


def escaped(text: str) -> str:
    """Write a text so that it is taken literally."""
    return f"${text}" if text.startswith("$$") or reference(text) is not None else text


def references(document: Any) -> Iterator[str]:
    """Yield the names that texts of a JSON value refer to. Keys are literal."""
    if isinstance(document, str):
        name = reference(document)
        if name is not None:
            yield name
    elif isinstance(document, dict):
        for value in document.values():
            yield from references(value)
    elif isinstance(document, list):
        for value in document:
            yield from references(value)
