"""Names for both the judge and the shim of a Python process. The file runs on every Python from 3.9 on."""

from __future__ import annotations

from collections.abc import Callable

TARGET_PREFIX = "dayfly_target_"
"""The prefix for the module of a file, so that it does not hide another module."""

Wrote = Callable[[str, str], None]
"""Takes the name of a stream and a piece of what the client wrote to it; may be called from any thread."""


class Hung(Exception):
    """A client did not return, or went beyond all bounds; the text says what was seen instead."""


def unheard(stream: str, text: str) -> None:
    """Drops output that nothing collects."""
