"""Words of a shell script, made from arbitrary texts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from contracts.report.cells import clean


def comment(text: str) -> str:
    """Return a comment line, without characters that a terminal would obey."""
    return f"# {clean(text)}"


def word(text: str, variables: Mapping[str, str] | None = None) -> str:
    """Quote `text` as one word. Parts that are keys of `variables` become the shell variables of those names."""
    if not variables:
        return _quoted(text)
    names = sorted(variables, key=len, reverse=True)
    pieces = re.split("(" + "|".join(map(re.escape, names)) + ")", text)
    return "".join(f'"${variables[piece]}"' if piece in variables else _quoted(piece) for piece in pieces if piece) or "''"


def _quoted(text: str) -> str:
    """Quote a text if needed. NULs are dropped, because a word cannot hold them."""
    return shlex.quote(text.replace("\0", ""))


def ascii_word(text: str) -> str:
    """Quote `text` as one word of bash, in ASCII without control characters."""
    if all(" " <= character <= "~" for character in text):
        return _quoted(text)
    coded = "".join(_coded(byte) for byte in text.replace("\0", "").encode())
    return f"$'{coded}'"


def _coded(byte: int) -> str:
    character = chr(byte)
    if character in "\\'":
        return f"\\{character}"
    return character if " " <= character <= "~" else f"\\x{byte:02x}"
