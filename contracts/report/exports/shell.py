"""Words of a shell script, from texts that may hold anything."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from contracts.report.cells import clean


def comment(text: str) -> str:
    """A line that the shell skips, in ASCII, with nothing in it that a terminal would obey."""
    return f"# {shown(text)}"


def shown(text: str) -> str:
    """`text` on one line of ASCII."""
    return clean(text).encode("ascii", "backslashreplace").decode()


def word(text: str, variables: Mapping[str, str] | None = None) -> str:
    """`text` as one word; whatever of it is a key of `variables` is the value of the shell variable of that name."""
    if not variables:
        return _quoted(text)
    names = sorted(variables, key=len, reverse=True)
    pieces = re.split("(" + "|".join(map(re.escape, names)) + ")", text)
    return "".join(f'"${variables[piece]}"' if piece in variables else _quoted(piece) for piece in pieces if piece) or "''"


def _quoted(text: str) -> str:
    """In quotes wherever there is any doubt; a NUL cannot be in a word, and is left out."""
    return shlex.quote(text.replace("\0", ""))


def ascii_word(text: str) -> str:
    """`text` as one word of bash, in ASCII without control characters, whatever is in it."""
    if all(" " <= character <= "~" for character in text):
        return _quoted(text)
    coded = "".join(_coded(byte) for byte in text.replace("\0", "").encode())
    return f"$'{coded}'"


def _coded(byte: int) -> str:
    character = chr(byte)
    if character in "\\'":
        return f"\\{character}"
    return character if " " <= character <= "~" else f"\\x{byte:02x}"
