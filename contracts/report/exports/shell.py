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
