"""A compiled platform: kinds, operations, and an answer for each cause. Durations are in milliseconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from mockserver.platform.message import Message
from mockserver.platform.places import Place, Read

Values = Callable[[str], Any]
"""Gives the value of an expression like ``$context`` or ``$issued.session``."""


class Template(Protocol):
    """An example with expressions in it, which becomes the bytes of a body."""

    def __call__(self, values: Values) -> bytes:
        """Return the body."""
        ...


class Answer(Struct, frozen=True, kw_only=True, eq=False):
    """How one cause, or one success, is answered. `code` is what a program tells it by; `why` and `advice` are for people."""

    status: int
    body: Template
    media: str = ""
    code: str | int | None = None
    message: str = ""
    headers: tuple[tuple[str, Callable[[Values], str]], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    """Cookies that it sets: name, and the expression that gives the value."""
    why: str = ""
    advice: str = ""


class Life(Struct, frozen=True):
    """How long one of a kind lives: milliseconds, uses; None is no such bound. `grace` is None if nothing succeeds it."""

    ttl: int | None = None
    idle: int | None = None
    uses: int | None = None
    grace: int | None = None
    endless_grace: bool = False
    live: int | None = None
    rate: int | None = None


class Kind(Struct, frozen=True, kw_only=True, eq=False):
    """A kind of credential: a session, a token, a nonce, an OAuth client.

    `carried` says where operations show one, `issued` where answers bring one; `always`: every answer does. `bound` is what
    has to be equal at issue and at use. `places` are those of `carried` before they were made into readers.
    """

    name: str
    noun: str
    life: Life
    within: str | None = None
    registered: bool = False
    implied: bool = False
    always: Place | None = None
    carried: Mapping[str, Read] = {}
    places: Mapping[str, tuple[Place, ...]] = {}
    issued: Mapping[str, Place] = {}
    bound: Mapping[str, tuple[Place, ...]] = {}
    scopes: Read | None = None
    seen_is_spent: bool = False
    succeeds: bool = False
    reuse_ends: bool = False
    ended: frozenset[str] = frozenset()
    told: Mapping[str, tuple[str, str]] = {}
    """How an answer tells its ttl or its idle time: as seconds or as a date, and in which part."""
    told_at: Place | None = None
    """Where an answer tells the seconds of its ttl."""
    refused: Mapping[str, Answer] = {}
    duty: Mapping[str, Any] = {}

    @property
    def a(self) -> str:
        """The noun with its article; an abbreviation is spelt out when it is read."""
        vowels = "AEFHILMNORSX" if self.noun[:2].isupper() else "aeiouAEIOU"
        return f"{'an' if self.noun[0] in vowels else 'a'} {self.noun}"

    @property
    def renewed_by(self) -> tuple[str, ...]:
        """Operations that bring one without showing one."""
        return tuple(name for name in self.issued if name not in self.carried)


class Operation(Struct, frozen=True, kw_only=True, eq=False):
    """One call of the platform. `carries` and `issues` name kinds; `guards` are in the order in which they may refuse.

    What another kind is within stands before it in `issues`. `scopes` are those that an OpenAPI security requirement asks of a
    kind. `check` judges the body.
    """

    name: str
    routes: tuple[tuple[str, str], ...]
    conditions: tuple[tuple[Callable[[Message], bool], str], ...] = ()
    carries: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    scopes: Mapping[str, tuple[str, ...]] = {}
    check: Callable[[Message, int | None], Problem | None] | None = None
    answer: Answer
    refuses: bool = False
    """Whether its answer is a refusal, which changes nothing. Only the body's guard may refuse it before."""
    media: str = ""
    example: Any = None
    """A body that it takes, for whoever builds requests."""
    when: tuple[tuple[Place, Any], ...] = ()
    """What tells it from others on its path, as it was declared."""

    def answers_to(self, message: Message) -> bool:
        """Whether a request on its path is one of this operation."""
        return all(holds(message) for holds, _ in self.conditions)


class Problem(Struct, frozen=True):
    """What is wrong with a body: the row that answers it, in words, and the field it is about."""

    row: str
    detail: str
    field: str = ""


class Route(Struct, frozen=True, eq=False):
    """A path that may have parameters, and the operations on it by method."""

    path: str
    pattern: re.Pattern[str]
    operations: dict[str, list[Operation]]


class Platform(Struct, frozen=True, kw_only=True, eq=False):
    """A platform that can be served. `order` is that of the guards, `refused` the rows of those that are not kinds."""

    name: str
    title: str
    kinds: Mapping[str, Kind]
    operations: Mapping[str, Operation]
    refused: Mapping[str, Answer]
    order: tuple[str, ...]
    routes: tuple[Route, ...]
    max_body: int | None
    effects: Mapping[str, Any] = {}
    code_paths: tuple[tuple[str, ...], ...] = ()
    """Where an error's body has its code, as steps of JSON pointers."""

    def scopes_within(self, kind: str) -> tuple[str, ...] | None:
        """Return every scope that an operation asks of what is within a kind; None if it asks none."""
        asked = {
            scope
            for operation in self.operations.values()
            for name, needed in operation.scopes.items()
            if kind in {name, self.kinds[name].within}
            for scope in needed
        }
        return tuple(sorted(asked)) or None

    def route(self, path: str) -> tuple[Route, dict[str, str]] | None:
        """Return the route of a path and its parameters; one without parameters goes first."""
        for route in self.routes:
            found = route.pattern.fullmatch(path)
            if found is not None:
                return route, found.groupdict()
        return None
