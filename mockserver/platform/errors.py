"""The error for a declaration that cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mockserver.errors import MockServerError

LONGEST = 60
"""Characters of a value that an error shows."""


MOST = 20
"""Mistakes that an error tells."""


class DeclarationError(MockServerError):
    """A declaration is wrong.

    `source` names the file, `line` the line in it (0 if unknown) and `place` the path of the wrong word. `problem` says what is
    wrong and what would be right. The text ends with `quoted`: a line for each further mistake, or how many more there are.
    """

    def __init__(self, source: str, line: int, place: str, problem: str, others: Iterable[DeclarationError] = ()) -> None:
        self.source, self.line, self.place, self.problem = source, line, place, problem
        told = list(others)
        self.quoted = [str(other) for other in told[: MOST - 1]]
        if len(told) >= MOST:
            self.quoted.append(f"and {len(told) - MOST + 1} more; mend these first")
        where = f"{source}:{line}" if line else source
        first = f"{where}: {place}: {problem}" if place else f"{where}: {problem}"
        super().__init__("\n  ".join([first, *self.quoted]))


class Wrong(Exception):
    """A part of a declaration is wrong. The caller that knows the file turns it into a DeclarationError.

    `others` are further parts that are wrong.
    """

    others: tuple[Wrong, ...] = ()

    def __init__(self, problem: str, *path: str | int) -> None:
        super().__init__(problem)
        self.problem, self.path = problem, path

    def at(self, *path: str | int) -> Wrong:
        """Return the same mistakes at another place."""
        moved = Wrong(self.problem, *path)
        moved.others = tuple(one.at(*path) for one in self.others)
        return moved


def raise_all(found: Iterable[Wrong]) -> None:
    """Raise the first with the others in it, if there are any."""
    told = [*found]
    for first in told[:1]:
        first.others = tuple(told[1:])
        raise first


def wrongs(checks: Iterable[Callable[[], object]]) -> Iterator[Wrong]:
    """Run checks, and yield what each finds wrong."""
    for check in checks:
        try:
            check()
        except Wrong as wrong:
            others, wrong.others = wrong.others, ()
            yield from (wrong, *others)


def shown(value: object) -> str:
    """Return a value as an error shows it, cut to one line."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
