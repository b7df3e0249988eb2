"""Places: positions of an id, a scope or a payload in a request or an answer. They are OpenAPI's runtime expressions.

    $request.header.X    $request.query.X    $request.path.X    $request.cookie.X    $request.body#/json/pointer
    $response.header.X   $response.cookie.X  $response.body#/json/pointer

After a `#` comes a lens, which looks into the value:

    header    #bearer  #basic.user  #basic.password  #jwt/claim  #query/name  #path/number
    body      #/json/pointer  #form/field  #jws.protected/claim

The mock writes ids to places and reads them there. The judge does the same from the client's side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mockserver.errors import suggestion
from mockserver.platform.errors import Wrong
from mockserver.platform.message import NOTHING, HttpMessage, base64_json, basic, bearer, dig, fields

_PLACE = re.compile(r"\$(request|response)\.(?:(header|query|path|cookie)\.([^#\s]+)|(body))(?:#(\S+))?")
_HEADER_LENSES = ("bearer", "basic.user", "basic.password", "jwt/…", "query/…", "path/…")

Read = Callable[[HttpMessage], Any]


class Place(NamedTuple):
    """A parsed place: `side` is request or response, `part` is header, query, path, cookie or body."""

    side: str
    part: str
    name: str
    lens: str

    def __str__(self) -> str:
        name = f".{self.name}" if self.name else ""
        return f"${self.side}.{self.part}{name}{'#' + self.lens if self.lens else ''}"

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in self.lens.lstrip("/").split("/"))

    @property
    def is_pointer(self) -> bool:
        return self.part == "body" and self.lens.startswith("/")


def parse(text: str) -> Place:
    """Return the place that `text` names. Raises Wrong if it is not a place."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Wrong(f"{text!r} is not a place; one looks like $request.header.X#bearer or $response.body#/pointer")
    side, part, name, body, lens = found[1], found[2], found[3] or "", found[4], found[5] or ""
    place = Place(side, body or part, name, lens)
    if side == "response" and part in {"query", "path"}:
        raise Wrong(f"{text!r}: an answer has no {part}")
    if body:
        if not lens.startswith(("/", "form/", "jws.")) or (lens.startswith("jws.") and "/" not in lens):
            raise Wrong(f"{text!r}: after body comes #/pointer, #form/field or #jws.protected/claim")
    elif lens and part == "header":
        _check_header_lens(text, lens)
    elif lens:
        raise Wrong(f"{text!r}: a {part} has no lens")
    return place


def _check_header_lens(text: str, lens: str) -> None:
    name, slash, rest = lens.partition("/")
    if slash and name in {"jwt", "query", "path"} and rest and (name != "path" or rest.isdecimal()):
        return
    if lens not in {"bearer", "basic.user", "basic.password"}:
        raise Wrong(f"{text!r}: there is no lens {lens!r}; {suggestion(lens, _HEADER_LENSES)}")


def reader(place: Place | Iterable[Place]) -> Read:
    """Return a function that reads the place, or the first of several that has a value."""
    if not isinstance(place, Place):
        readers = [reader(one) for one in place]
        if len(readers) == 1:
            return readers[0]
        return lambda message: next((value for read in readers if (value := read(message)) is not None), None)
    if place.part == "header":
        return _header_reader(place)
    if place.part == "body":
        return _body_reader(place)
    name = place.name
    if place.part == "query":
        return lambda message: message.queried.get(name)
    if place.part == "path":
        return lambda message: message.params.get(name)
    return lambda message: message.cookies.get(name)


def _header_reader(place: Place) -> Read:
    name, lens = place.name.lower(), place.lens
    if not lens:
        return lambda message: message.header(name)
    if lens == "bearer":
        return lambda message: _bearer(message.header(name))
    if lens.startswith("basic."):
        which = ("user", "password").index(lens[6:])
        return lambda message: pair[which] if (pair := basic(message.header(name))) else None
    kind, _, inner = lens.partition("/")
    if kind == "jwt":
        return lambda message: _claim(message.header(name), inner)
    if kind == "query":
        return lambda message: fields(urlsplit(message.header(name) or "").query).get(inner)
    number = int(inner)
    return lambda message: _path_step(message.header(name), number)


def _body_reader(place: Place) -> Read:
    lens = place.lens
    if lens.startswith("form/"):
        field = lens[5:]
        return lambda message: message.form.get(field)
    if lens.startswith("jws."):
        member, _, claim = lens[4:].partition("/")
        return lambda message: dig(base64_json(dig(message.json, (member,))), (claim,))
    first, *others = place.steps

    def read(message: HttpMessage) -> Any:
        document = message.json
        if type(document) is not dict:
            return dig(document, (first, *others))
        return dig(document.get(first), others) if others else document.get(first)

    return read


def present(place: Place) -> Callable[[HttpMessage], bool]:
    """Return a function that checks if the place has a value, which may be null."""
    read = reader(place)
    if not place.is_pointer:
        return lambda message: read(message) is not None
    *steps, last = place.steps

    def is_there(message: HttpMessage) -> bool:
        owner = dig(message.json, steps)
        return owner is not NOTHING and isinstance(owner, dict) and last in owner

    return is_there


@lru_cache(maxsize=64)
def _bearer(text: str | None) -> str | None:
    """Return the token, None if there is none; a malformed one is "", which belongs to none."""
    found = bearer(text)
    return (found or None) if found is not None else ""


def _claim(text: str | None, claim: str) -> Any:
    token = bearer(text) or text or ""
    parts = token.split(".")
    return dig(base64_json(parts[1]), (claim,)) if len(parts) == 3 else None


def _path_step(text: str | None, number: int) -> str | None:
    steps = urlsplit(text or "").path.strip("/").split("/")
    return steps[number] if text and -len(steps) <= number < len(steps) else None
