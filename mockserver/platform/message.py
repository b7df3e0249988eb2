"""A request or an answer as places read it. Each part is decoded once, on first use."""

from __future__ import annotations

import json
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec

_TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*")

NOTHING = object()
"""Stands for a body that is not JSON."""

_UNREAD = object()
_decode = msgspec.json.Decoder().decode


class HttpMessage:
    """A request, or an answer. In an answer `method`, `path`, `query` and `params` are empty.

    The name of a header may be in any case, and given several times. `usual` are headers, in lower case, that come before
    `headers`.
    """

    __slots__ = ("__dict__", "_json", "body", "headers", "method", "params", "path", "query", "usual")

    def __init__(
        self,
        method: str = "",
        path: str = "",
        query: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        params: dict[str, str] | None = None,
    ) -> None:
        self.method, self.path, self.query, self.body = method, path, query, body
        self.headers, self.params = headers, params or {}
        self.usual: Mapping[str, str | None] = {}
        self._json: Any = _UNREAD

    def header(self, name: str) -> str | None:
        """Return the first value of a header; `name` is in lower case."""
        found = self.usual.get(name)
        if found is not None:
            return found
        for given, value in self.headers:
            if given.lower() == name:
                return value
        return None

    @property
    def strict_json(self) -> Any:
        """The body as JSON; NOTHING if it is not JSON. It is a plain property, because the lock of a cached one is slow."""
        if self._json is _UNREAD:
            try:
                self._json = _decode(self.body)
            except (ValueError, RecursionError):
                self._json = NOTHING
        return self._json

    @property
    def json(self) -> Any:
        """The body as JSON or as a Python literal; NOTHING if it is neither."""
        found = self._json if self._json is not _UNREAD else self.strict_json
        return self._literal if found is NOTHING else found

    @cached_property
    def _literal(self) -> Any:
        return _python(self.body)

    @cached_property
    def form(self) -> dict[str, str]:
        """The body as a form; if a field is given twice, its first value."""
        return fields(self.body.decode("utf-8", "replace"))

    @cached_property
    def queried(self) -> dict[str, str]:
        return fields(self.query)

    @cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies of a request, or those that an answer sets."""
        from http.cookies import CookieError, SimpleCookie

        found: dict[str, str] = {}
        for name, header in self.headers:
            if name.lower() not in {"cookie", "set-cookie"}:
                continue
            jar = SimpleCookie()
            try:
                jar.load(header)
            except CookieError:
                continue
            found |= {one: morsel.value for one, morsel in jar.items()}
        return found


def fields(text: str) -> dict[str, str]:
    """Return the fields of an urlencoded text; if one is given twice, its first value."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        found.setdefault(name, value)
    return found


def dig(document: Any, steps: Iterable[str]) -> Any:
    """Return the value at a JSON pointer's steps, None if there is none."""
    for step in steps:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


def base64_json(text: Any) -> Any:
    """Return the JSON in a base64url text, as JWS and JWT write it; None if the text is something else."""
    if not isinstance(text, str):
        return None
    try:
        return _decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return None


class Basic(NamedTuple):
    """A client id and its secret."""

    client_id: str
    secret: str


def basic(authorization: str | None) -> Basic | None:
    """Return client id and secret from a Basic header (RFC 7617), None if there is none or it is malformed.

    Percent-encoded characters are decoded, because OAuth clients may encode both (RFC 6749, 2.3.1).
    """
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = b64decode(value.strip(), validate=True).decode().partition(":")
    except ValueError:
        return None
    return Basic(unquote(client_id), unquote(secret)) if colon else None


def bearer(authorization: str | None) -> str | None:
    """Return the bearer token (RFC 6750, 2.1), "" if the header is missing or ``Bearer`` is empty, None if it is malformed."""
    if not authorization:
        return ""
    scheme, _, value = authorization.partition(" ")
    if scheme != "Bearer" and scheme.lower() != "bearer":
        return None
    token = value.strip(" ")
    if not token:
        return ""
    return token if _TOKEN68.fullmatch(token) else None


def why_not_json(body: bytes, error: Exception | None = None) -> str:
    """Return why a body is not JSON. If the standard library accepts it, it uses one of that library's extensions of JSON."""
    try:
        if isinstance(error, RecursionError):
            raise error
        json.loads(body.decode())
    except RecursionError:
        return "The body is nested too deeply."
    except UnicodeDecodeError as undecodable:
        return f"The body is not UTF-8 at byte {undecodable.start}."
    except ValueError as malformed:
        return f"The body is not JSON: {malformed}."
    return "The body holds a number (NaN, Infinity) or a lone surrogate that JSON in UTF-8 cannot hold."


def _python(body: bytes) -> Any:
    """Return a body in Python's notation as a value: some services answer so, with quotes that differ from JSON's."""
    import ast

    if not body.startswith((b"{", b"[")) or len(body) > 1 << 16:
        return NOTHING
    try:
        return ast.literal_eval(body.decode())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return NOTHING
