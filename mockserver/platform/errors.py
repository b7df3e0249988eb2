"""The error for a declaration that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from mockserver.errors import MockServerError

LONGEST = 60
"""Characters of a value that an error shows."""


class DeclarationError(MockServerError):
    """A declaration is wrong in one place.

    `source` names the file, `line` the line in it (0 if none is known), `place` the path of words that leads there, and
    `problem` says what is wrong and what would be right.
    """

    def __init__(self, source: str, line: int, place: str, problem: str) -> None:
        where = f"{source}:{line}" if line else source
        super().__init__(f"{where}: {place}: {problem}" if place else f"{where}: {problem}")
        self.source, self.line, self.place, self.problem = source, line, place, problem


class Wrong(Exception):
    """A part of a declaration is wrong; whoever knows the file makes a DeclarationError of it."""

    def __init__(self, problem: str, *path: str | int) -> None:
        super().__init__(problem)
        self.problem, self.path = problem, path


def suggestion(word: object, known: Iterable[str]) -> str:
    """Return what to write in place of a wrong word: the nearest known one, or all that are known."""
    names = list(known)
    near = get_close_matches(str(word), names, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known are {', '.join(names)}" if names else "none is known"


def shown(value: object) -> str:
    """Return a value as an error shows it: no longer than a line."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
