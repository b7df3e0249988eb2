"""Text that fits its place on a terminal, whatever characters a client put into it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator


def clean(text: str) -> str:
    """Return `text` on one line, with characters escaped that do not print: control, bidirectional and invisible ones."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode() if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def width(text: str) -> int:
    """Return how many columns `text` takes: two for a wide character, none for one that combines with the one before."""
    return len(text) if text.isascii() else sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def head(text: str, columns: int) -> str:
    """Return as much of the beginning of `text` as fits into `columns`."""
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
    """Return `text`, or its beginning and an ellipsis if it takes more than `columns`."""
    if width(text) <= columns:
        return text
    return head(text, max(0, columns - width(ellipsis))).rstrip() + head(ellipsis, columns)


def pad(text: str, columns: int) -> str:
    """Fill `text` up to `columns` with spaces on its right."""
    return text + " " * (columns - width(text))


_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_WORD = re.compile(rf"( *)((?:(?<!\w)(?:{_QUOTED})(?!\w)|[^ ])+)")
"""The spaces before a word, and the word. A value in quotes is one word, however many spaces it has."""


_CODED = re.compile(rf"(?<!\w)(?:{_QUOTED})|`([^`\s][^`\n]*)`")


def coded(text: str) -> Iterator[tuple[bool, str]]:
    """Split a sentence into pieces, each with whether it stood in backticks. Quoted values are not split."""
    start = 0
    for found in _CODED.finditer(text):
        if found[1] is not None:
            yield False, text[start : found.start()]
            yield True, found[1]
            start = found.end()
    yield False, text[start:]


def wrap(text: str, columns: int) -> list[str]:
    """Break `text` between words into lines of at most `columns`; at least one line.

    Spaces within a line stay as they are, and so do quoted values. A value longer than a line is cut, but not next to a space,
    because a space at the end of a line cannot be seen.
    """
    lines, line = [], ""
    for blanks, word in _WORD.findall(text):
        joined = line + blanks + word if line else word
        if width(joined) <= columns:
            line = joined
            continue
        if line:
            lines.append(line)
        *whole, line = _pieces(word, columns)
        lines += whole
    return [*lines, line]


def _pieces(word: str, columns: int) -> Iterator[str]:
    """Cut a word into pieces that each fit into a line."""
    while width(word) > columns:
        cut = full = len(head(word, columns)) or 1
        while cut > 1 and " " in word[cut - 1 : cut + 1]:
            cut -= 1
        cut = cut if cut > 1 else full
        yield word[:cut]
        word = word[cut:]
    yield word


def hanging(label: str, text: str, columns: int) -> list[str]:
    """Wrap `text` after `label`, with further lines indented below its first."""
    first, *others = wrap(text, columns - width(label))
    return [label + first, *(" " * width(label) + line for line in others)]
