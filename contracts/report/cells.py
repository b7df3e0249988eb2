"""Text that fits its place on a terminal, whatever a client put into it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def clean(text: str) -> str:
    """`text` on one line, with everything escaped that does not print: control characters, bidirectional and invisible ones."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode() if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def width(text: str) -> int:
    """How many columns `text` takes: two for wide characters, none for those that combine with the one before."""
    return len(text) if text.isascii() else sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def head(text: str, columns: int) -> str:
    """As much of the beginning of `text` as fits into `columns`."""
    if width(text) <= columns:
        return text
    taken, used = 0, 0
    for char in text:
        used += _columns(char)
        if used > columns:
            break
        taken += 1
    return text[:taken]


def clip(text: str, columns: int, ellipsis: str = "…") -> str:
    """`text`, or its beginning and an ellipsis where it takes more than `columns`."""
    if width(text) <= columns:
        return text
    return head(text, max(0, columns - width(ellipsis))).rstrip() + head(ellipsis, columns)


def pad(text: str, columns: int) -> str:
    """`text` filled up to `columns` with spaces on its right."""
    return text + " " * (columns - width(text))


def wrap(text: str, columns: int) -> list[str]:
    """`text` in lines of at most `columns`, broken at spaces where there are any; at least one line."""
    lines, line = [], ""
    for word in _words(text, columns):
        joined = f"{line} {word}" if line else word
        if width(joined) > columns:
            lines.append(line)
            line = word
        else:
            line = joined
    return [*lines, line]


def _words(text: str, columns: int) -> Iterator[str]:
    """The words, those cut into pieces that are longer than a line."""
    for word in text.split():
        rest = word
        while width(rest) > columns:
            piece = head(rest, columns) or rest[0]
            yield piece
            rest = rest[len(piece) :]
        if rest:
            yield rest


def hanging(label: str, text: str, columns: int) -> list[str]:
    """`text` after `label`, wrapped, its further lines below its first."""
    first, *others = wrap(text, columns - width(label))
    return [label + first, *(" " * width(label) + line for line in others)]
