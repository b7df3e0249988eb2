"""Builds the requests of a declared platform from its declaration alone. It writes the places that the mock reads."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from contracts.errors import ContractsError
from mockserver.platform.checks import PARAMETER
from mockserver.platform.model import Kind, Operation, Platform
from mockserver.platform.places import Place, parse

INVENTED = "an-id-that-was-never-issued"
IN_PATH = "x"
"""What a path has in place of a value that is not known."""


class PlatformRequest(NamedTuple):
    """A request to send; `path` includes the query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Draft:
    """A request under construction, which takes values place by place."""

    def __init__(self, operation: Operation) -> None:
        self.method, self._path = operation.routes[0]
        self._media = operation.media
        self._headers: dict[str, str] = {}
        self._basic: dict[str, str] = {}
        self._params: dict[str, str] = {}
        self._query: dict[str, str] = {}
        self._cookies: dict[str, str] = {}
        self._jws: dict[str, dict[str, Any]] = {}
        self._form = {name: _as_text(value) for name, value in (operation.example or {}).items()} if self._is_form else {}
        self._json: Any = None if self._is_form else deepcopy(operation.example)

    @property
    def _is_form(self) -> bool:
        return self._media.endswith("urlencoded")

    def put(self, place: Place, value: Any) -> None:
        """Write a value at a place. Raises ContractsError for a place that cannot be written, such as a claim of a signed
        token."""
        match place.part:
            case "header":
                self._put_header(place, str(value))
            case "cookie":
                self._cookies[place.name] = str(value)
            case "query":
                self._query[place.name] = str(value)
            case "path":
                self._params[place.name] = str(value)
            case _:
                self._put_body(place, value)

    def _put_header(self, place: Place, value: str) -> None:
        if place.lens == "bearer":
            self._headers[place.name] = f"Bearer {value}"
        elif place.lens.startswith("basic."):
            self._basic[place.lens[6:]] = value
            pair = f"{self._basic.get('user', '')}:{self._basic.get('password', '')}"
            self._headers[place.name] = "Basic " + b64encode(pair.encode()).decode()
        elif place.lens:
            raise ContractsError(f"{place}: a request cannot be made up with a value there")
        else:
            self._headers[place.name] = value

    def _put_body(self, place: Place, value: Any) -> None:
        if place.lens.startswith("form/"):
            self._form[place.lens[5:]] = str(value)
        elif place.lens.startswith("jws."):
            member, _, claim = place.lens[4:].partition("/")
            self._jws.setdefault(member, {})[claim] = value
        else:
            *steps, last = place.steps
            owner = self._json = self._json if isinstance(self._json, dict) else {}
            for step in steps:
                owner = owner.setdefault(step, {})
            if value is None:
                owner.pop(last, None)
            else:
                owner[last] = value

    def asked(self) -> PlatformRequest:
        """Return the request."""
        path = PARAMETER.sub(lambda found: quote(self._params.get(found[1], IN_PATH), safe=""), self._path)
        if self._query:
            path += "?" + urlencode(self._query)
        headers, body = dict(self._headers), self._body()
        if body:
            headers["Content-Type"] = self._media or ("application/x-www-form-urlencoded" if self._form else "application/json")
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return PlatformRequest(self.method, path, headers, body)

    def _body(self) -> bytes:
        if self._form:
            return urlencode(self._form).encode()
        document = self._json
        for member, claims in self._jws.items():
            document = document if isinstance(document, dict) else {}
            document[member] = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return b"" if document is None else json.dumps(document).encode()


def _as_text(value: Any) -> str:
    """Return a value as a form has it."""
    return value if isinstance(value, str) else json.dumps(value)


def request(
    platform: Platform,
    operation: Operation,
    shown: Mapping[str, str],
    bound: Mapping[str, Mapping[str, str]] | None = None,
    put: Mapping[Place, Any] | None = None,
) -> PlatformRequest:
    """Return a request of an operation that shows these ids by kind, with the values `bound` to them.

    Other values are `put` at places. Raises ContractsError.
    """
    draft = Draft(operation)
    for place, value in _asked_for(operation, platform).items():
        draft.put(place, value)
    for place, value in operation.when:
        draft.put(place, "x" if value == "*" else value)
    for name in operation.carries:
        if name in shown:
            _show(draft, platform.kinds[name], operation, shown[name], (bound or {}).get(name, {}))
    for place, value in (put or {}).items():
        draft.put(place, value)
    return draft.asked()


def _asked_for(operation: Operation, platform: Platform) -> dict[Place, Any]:
    """Return the values of the units that an operation does, by place, and those that it issues ids for.

    What a later use has in its path must be equal when the id is issued.
    """
    kept, found = {}, {}
    for effect in platform.effects.values():
        values = {parse(place): effect["with"][field] for field, place in effect.get("keeps", {}).items()}
        kept.update(values)
        found.update(values if effect["by"] == operation.name else {})
    issued = (kind for kind in platform.kinds.values() if operation.name in kind.issued)
    for places in (places for kind in issued for places in kind.bound.values()):
        used = next((place for place in places if place.part == "path"), None)
        other = next((place for place in places if place.part != "path"), None)
        if used is not None and other is not None:
            found[other] = kept.get(used, IN_PATH)
    return found


def _show(draft: Draft, kind: Kind, operation: Operation, id: str, bound: Mapping[str, str]) -> None:
    place = kind.places[operation.name][0]
    draft.put(place, id)
    for name, places in kind.bound.items():
        if name in bound:
            draft.put(beside(places, place), bound[name])


def beside(places: tuple[Place, ...], carried: Place) -> Place:
    """Return the place in the same part of the request as the id, else the first: user and password go together."""
    return next((place for place in places if (place.part, place.name) == (carried.part, carried.name)), places[0])
