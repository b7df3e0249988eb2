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

    Without `bound`, the calls that issue an id and those that show it have the same values. Other values are `put` at places.
    Raises ContractsError.
    """
    draft = Draft(operation)
    for effect in platform.effects.values():
        if effect["by"] == operation.name:
            for field, place in effect.get("keeps", {}).items():
                draft.put(parse(place), effect["with"][field])
    for place, value in operation.when:
        draft.put(place, "x" if value == "*" else value)
    _agree(draft, platform, operation)
    for name in operation.carries:
        if name in shown:
            _show(draft, platform.kinds[name], operation, shown[name], (bound or {}).get(name, {}))
    for place, value in (put or {}).items():
        draft.put(place, value)
    return draft.asked()


def _agree(draft: Draft, platform: Platform, operation: Operation) -> None:
    """Put the same values into all calls that issue a credential or show it, if it is bound to them."""
    for kind in platform.kinds.values():
        if kind.registered or operation.name not in {*kind.issued, *kind.places}:
            continue
        carried = kind.places.get(operation.name, (None,))[0]
        for places in kind.bound.values():
            value = _agreed(platform, kind, places)
            if value is not None:
                draft.put(_own(operation, places, carried), value)


def _agreed(platform: Platform, kind: Kind, places: tuple[Place, ...]) -> Any:
    """Return the value for all calls: that of a unit of work, an example, or an unknown path; None if none has one."""
    kept = ((effect, *pair) for effect in platform.effects.values() for pair in effect.get("keeps", {}).items())
    given = (effect["with"][field] for effect, field, place in kept if parse(place) in places)
    calls = (platform.operations[name] for name in (*kind.issued, *kind.places) if name in platform.operations)
    shown = (_in_example(operation, place) for operation in calls for place in places)
    in_path = (IN_PATH for place in places if place.part == "path")
    return next((value for value in (*given, *shown, *in_path) if value is not None), None)


def _own(operation: Operation, places: tuple[Place, ...], carried: Place | None) -> Place:
    """Return the place that a request of an operation has: beside the id that it shows, in its example, or in its path."""
    _, path = operation.routes[0]
    own = [place for place in places if place.part != "path" or place.name in PARAMETER.findall(path)]
    beside_it = (place for place in own if carried and (place.part, place.name) == (carried.part, carried.name))
    in_example = (place for place in own if _in_example(operation, place) is not None)
    in_path = (place for place in own if place.part == "path")
    return next((place for place in (*beside_it, *in_example, *in_path, *own)), places[0])


def _in_example(operation: Operation, place: Place) -> Any:
    """Return the value of an operation's example at a place of the body; None if it has none."""
    value = operation.example if place.part == "body" else None
    for step in (place.lens[5:],) if place.lens.startswith("form/") else place.steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _show(draft: Draft, kind: Kind, operation: Operation, id: str, bound: Mapping[str, str]) -> None:
    place = kind.places[operation.name][0]
    draft.put(place, id)
    for name, places in kind.bound.items():
        if name in bound:
            draft.put(beside(places, place), bound[name])


def beside(places: tuple[Place, ...], carried: Place) -> Place:
    """Return the place in the same part of the request as the id, else the first: user and password go together."""
    return next((place for place in places if (place.part, place.name) == (carried.part, carried.name)), places[0])
