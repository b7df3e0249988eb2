"""A compiled platform: kinds, operations, and an answer for each cause. Durations are in milliseconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from mockserver.platform.message import HttpMessage
from mockserver.platform.places import Place, Read


class Values(Struct, frozen=True, gc=False):
    """The values of the expressions in an answer. `shown` and `issued` are ids by kind, `now` is in milliseconds.

    `fresh` makes an id, and `server` is the URL of the server, "" for that of the request,
    whose `scheme` is known.
    """

    message: HttpMessage
    context_id: str
    now: int
    shown: Mapping[str, str]
    issued: Mapping[str, str]
    fresh: Callable[[], str]
    server: str = ""
    scheme: str = "http"
    detail: str = ""
    field: str = ""
    scopes: tuple[str, ...] = ()


Get = Callable[[Values], Any]
"""Returns the value of an expression like ``$context`` or ``$issued.session``."""


class Answer(Struct, frozen=True, kw_only=True, eq=False):
    """The answer to one cause, or to success. Programs recognize it by `code`; `why` and `advice` are for people."""

    status: int
    body: Callable[[Values], bytes]
    """Renders the body, an example with expressions in it."""
    media: str = ""
    code: str | int | None = None
    message: str = ""
    headers: tuple[tuple[str, str | Callable[[Values], str]], ...] = ()
    cookies: tuple[tuple[str, str], ...] = ()
    """Cookies that it sets: name, and the kind whose new id it holds."""
    harmless: bool = False
    """True if it promises that nothing was done, so that what the request showed is as good as before."""
    why: str = ""
    advice: str = ""
    fixed: list[tuple[str, str]] = []
    """The headers, with those empty that are `filled`: each by its number and what gives its value."""
    filled: tuple[tuple[int, Callable[[Values], str]], ...] = ()

    def written(self, values: Values) -> list[tuple[str, str]]:
        """Return the declared headers."""
        headers = self.fixed.copy()
        for number, text in self.filled:
            headers[number] = (headers[number][0], text(values))
        return headers


class Lifetime(Struct, frozen=True):
    """The lifetime of a kind: milliseconds and uses; None is unlimited. `grace` is None if nothing replaces it."""

    ttl: int | None = None
    idle: int | None = None
    uses: int | None = None
    grace: int | None = None
    endless_grace: bool = False
    live: int | None = None
    rate: int | None = None


def with_article(noun: str) -> str:
    """Return a noun with its article; an abbreviation is spelt out when it is read."""
    vowels = "AEFHILMNORSX" if noun[:2].isupper() else "aeiouAEIOU"
    return f"{'an' if noun[0] in vowels else 'a'} {noun}"


class Kind(Struct, frozen=True, kw_only=True, eq=False):
    """A kind of credential: a session, a token, a nonce, an OAuth client.

    `carried` says at which place an operation shows one, `issued` at which place an answer brings one; with `always` every
    answer does. `bound` are the values that must be equal at issue and at use. `places` are those of `carried`, not yet
    compiled, and `bound_by` reads those of `bound`.
    """

    name: str
    noun: str
    life: Lifetime
    within: str | None = None
    registered: bool = False
    implied: bool = False
    always: Place | None = None
    carried: Mapping[str, Read] = {}
    places: Mapping[str, tuple[Place, ...]] = {}
    issued: Mapping[str, Place] = {}
    bound: Mapping[str, tuple[Place, ...]] = {}
    bound_by: tuple[Read, ...] = ()
    scopes: Read | None = None
    seen_is_spent: bool = False
    succeeds: bool = False
    reuse_ends: bool = False
    ended: frozenset[str] = frozenset()
    told_at: Place | None = None
    """The place at which an answer gives its ttl in seconds."""
    refused: Mapping[str, Answer] = {}
    duty: Mapping[str, Any] = {}

    @property
    def a(self) -> str:
        """The noun with its article."""
        return with_article(self.noun)

    @property
    def renewed_by(self) -> tuple[str, ...]:
        """Operations that bring one without showing one."""
        return tuple(name for name in self.issued if name not in self.carried)


class Operation(Struct, frozen=True, kw_only=True, eq=False):
    """One call of the platform. `carries` and `issues` name kinds; `guards` are in the order in which they may refuse.

    In `issues` an owner stands before the kinds within it. `scopes` are those that an OpenAPI security requirement asks of a
    kind. `check` judges the body.
    """

    name: str
    routes: tuple[tuple[str, str], ...]
    conditions: tuple[tuple[Callable[[HttpMessage], bool], str], ...] = ()
    carries: tuple[str, ...] = ()
    shows: tuple[tuple[str, Read], ...] = ()
    """The same kinds, with what reads the id that a request shows."""
    issues: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    compared: Mapping[str, tuple[str, ...]] = {}
    """For a kind whose owner is checked, the kinds that the request shows too and whose guards come earlier or never."""
    scopes: Mapping[str, tuple[str, ...]] = {}
    check: Callable[[HttpMessage, int | None], Refusal | None] | None = None
    answer: Answer
    refuses: bool = False
    """True if its answer is a refusal, which changes nothing. Only the body's guard may refuse it before."""
    media: str = ""
    example: Any = None
    """A body that it accepts, for code that builds requests."""
    when: tuple[tuple[Place, Any], ...] = ()
    """The declared conditions that distinguish it from other operations on its path."""

    def answers_to(self, message: HttpMessage) -> bool:
        """Return True if a request on its path meets the conditions of this operation."""
        return not self.conditions or all(holds(message) for holds, _ in self.conditions)


class Refusal(Struct, frozen=True, gc=False):
    """A guard's refusal: the cause, or the row of its answer, and the values for its text."""

    cause: str
    detail: str = ""
    field: str = ""
    retry_after: int | None = None


class Route(Struct, frozen=True, eq=False):
    """A path that may have parameters, and the operations on it by method."""

    path: str
    pattern: re.Pattern[str]
    """It has a group for each of the parameters, which are `names`."""
    names: tuple[str, ...]
    operations: dict[str, list[Operation]]


class Platform(Struct, frozen=True, kw_only=True, eq=False):
    """A platform that can be served. `order` is that of the guards; `refused` has the rows that do not belong to a kind."""

    name: str
    title: str
    digest: str
    """That of the declaration; see Declaration."""
    kinds: Mapping[str, Kind]
    operations: Mapping[str, Operation]
    refused: Mapping[str, Answer]
    order: tuple[str, ...]
    routes: tuple[Route, ...]
    exact: Mapping[str, Route]
    """The routes without parameters, by path."""
    max_body: int | None
    always: tuple[Kind, ...] = ()
    """The kinds that every answer brings."""
    effects: Mapping[str, Any] = {}
    bases: tuple[str, ...] = ("",)
    """The base paths of its servers, with which routes begin."""
    code_paths: tuple[tuple[str, ...], ...] = ()
    """The paths to the code in an error's body, as steps of JSON pointers."""

    @property
    def registered(self) -> Kind | None:
        """The first kind that is registered, as an OAuth client is."""
        return next((kind for kind in self.kinds.values() if kind.registered), None)

    def scopes_within(self, kind: str) -> tuple[str, ...] | None:
        """Return every scope that operations ask of a kind or of the kinds within it; None if they ask none."""
        asked = {
            scope
            for operation in self.operations.values()
            for name, needed in operation.scopes.items()
            if kind in {name, self.kinds[name].within}
            for scope in needed
        }
        return tuple(sorted(asked)) or None

    def route(self, path: str, method: str = "") -> tuple[Route, dict[str, str]] | None:
        """Return the route of a path and its parameters: the exact one, or one that takes the method, or else the first."""
        if path in self.exact:
            return self.exact[path], {}
        first = None
        for route in self.routes:
            found = route.pattern.fullmatch(path)
            if found is None:
                continue
            matched = route, dict(zip(route.names, found.groups(), strict=True))
            if method in route.operations or (method == "HEAD" and "GET" in route.operations):
                return matched
            first = first or matched
        return first
