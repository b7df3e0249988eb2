"""Errors of the mock server: one root, and leaves that carry the evidence and say what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class MockServerError(Exception):
    """Root of every error this package raises on purpose. Its text can be shown in a terminal."""


def suggestion(word: object, known: Iterable[str]) -> str:
    """Return a correction for a wrong word: the nearest known one, or all known words."""
    names = list(known)
    near = get_close_matches(str(word), names, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known are {', '.join(names)}" if names else "none is known"


def shown_name(field: str) -> str:
    """Return the name of a field for a message, shortened: it comes from a stranger and may be long."""
    return field if len(field) <= 100 else field[:99] + "…"


def shown(value: object) -> str:
    """Return a value for a message: at most 100 characters, however deeply it is nested."""
    try:
        text = repr(value)
    except RecursionError:
        return "a value nested too deeply"
    return text if len(text) <= 100 else text[:99] + "…"


class SettingsError(MockServerError):
    """A setting, a policy value or an option cannot be used.

    `field` is its name, `value` the given value, `problem` says what is allowed.
    """

    def __init__(self, field: str, value: object, problem: str) -> None:
        super().__init__(f"{shown_name(field)} = {shown(value)}: {problem}")
        self.field, self.value, self.problem = shown_name(field), value, problem


class StoreUnavailable(MockServerError):
    """The shared store cannot be reached or did not answer. The last write may or may not have happened."""

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(f"the store {url} is unavailable: {cause}")
        self.url, self.cause = url, cause


class ConflictError(MockServerError):
    """A record kept changing while it was being written. `attempts` is the number of tries."""

    def __init__(self, what: str, attempts: int) -> None:
        super().__init__(f"{what} kept changing during {attempts} attempts to write it; try again")
        self.what, self.attempts = what, attempts


class NotFound(MockServerError):
    """Something named in a control call does not exist. `kind` and `id` say what it is."""

    def __init__(self, kind: str, id: str, hint: str = "") -> None:
        super().__init__(f"no {kind} {id!r}{': ' + hint if hint else ''}")
        self.kind, self.id = kind, id


class InvalidRequest(MockServerError):
    """A control call asks for something impossible. `field` names the value to change."""

    def __init__(self, field: str, problem: str) -> None:
        field = shown_name(field)
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


class NotNow(InvalidRequest):
    """A control call is valid, but the state of the server does not allow it."""
