"""Errors of the mock server: one root, leaves that carry evidence and say what to do next."""

from __future__ import annotations


class MockServerError(Exception):
    """Root of every error this package raises on purpose; its text is fit for a terminal."""


class SettingsError(MockServerError):
    """A setting, a policy value or an option cannot be used.

    `field` names it, `value` is what was given, `problem` says what would be right.
    """

    def __init__(self, field: str, value: object, problem: str) -> None:
        super().__init__(f"{field} = {value!r}: {problem}")
        self.field, self.value, self.problem = field, value, problem


class StoreUnavailable(MockServerError):
    """The shared store cannot be reached or did not answer; nothing is known of the last write."""

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(f"the store {url} is unavailable: {cause}")
        self.url, self.cause = url, cause


class ConflictError(MockServerError):
    """A record kept changing under a writer; `attempts` says how often it was tried."""

    def __init__(self, what: str, attempts: int) -> None:
        super().__init__(f"{what} changed under {attempts} attempts to write it; try again")
        self.what, self.attempts = what, attempts


class NotFound(MockServerError):
    """Something named in a control call does not exist; `kind` and `id` say what was looked for."""

    def __init__(self, kind: str, id: str, hint: str = "") -> None:
        super().__init__(f"no {kind} {id!r}{': ' + hint if hint else ''}")
        self.kind, self.id = kind, id


class InvalidRequest(MockServerError):
    """A control call asks for something that cannot be done; `field` names what to change."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem
