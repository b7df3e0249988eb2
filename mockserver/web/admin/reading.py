"""Strict reading of bodies and query strings into values. Errors name unknown fields and wrong types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import flask
import msgspec
from msgspec import Struct

from mockserver.errors import InvalidRequest
from mockserver.web.admin.answers import Refused
from mockserver.wire import Request
from mockserver.wire.bodies import read_json

V = TypeVar("V")

MAX_BODY = 1 << 20

_PLACE = re.compile(r"(?P<problem>.*?)(?: - at `\$\.?(?P<field>.*)`)?", re.DOTALL)
_NAMED = re.compile(r"(?P<problem>Object (?:contains unknown|missing required) field) `(?P<field>.*)`", re.DOTALL)
_WORDS = {"`float`": "a number", "`int`": "a whole number", "`str`": "a string", "`bool`": "true or false", "`null`": "null"}
_TYPES = re.compile("|".join(_WORDS))


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """An empty body."""


def body(kind: type[V], *, required: bool = False) -> V:
    """Return the JSON body of the call; an absent one counts as ``{}`` unless it is `required`.

    Raises Refused or InvalidRequest.
    """
    request = flask.request
    request.max_content_length = MAX_BODY
    raw = request.get_data(cache=False)
    if not raw and required:
        raise Refused(400, "the body is missing: send a JSON object")
    if not raw:
        return _convert({}, kind, strict=True)
    read = read_json(Request(method="POST", path="", content_type=request.content_type, body=raw, size=len(raw)))
    if read.media is not None:
        raise Refused(415, "the body must be JSON in UTF-8: Content-Type: application/json")
    if read.problem is not None:
        raise Refused(400, read.detail)
    return _convert(read.document, kind, strict=True)


def query(kind: type[V], *flags: str) -> V:
    """Return the query string as values of `kind`, each parameter at most once, without `flags`. Raises InvalidRequest."""
    given = flask.request.args.to_dict(flat=False)
    for name, values in given.items():
        if len(values) > 1:
            raise InvalidRequest(name, "is given more than once")
    read = _convert({name: values[0] for name, values in given.items() if name not in flags}, kind, *flags, strict=False)
    for name in given:
        if getattr(read, name, "") is None:  # msgspec reads the word null as None
            raise InvalidRequest(name, "must have a value; leave the parameter out instead")
    return read


def _convert(value: Any, kind: type[V], *flags: str, strict: bool) -> V:
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as problem:
        raise _named(str(problem), (*getattr(kind, "__struct_fields__", ()), *flags)) from None


def _named(problem: str, taken: Sequence[str]) -> InvalidRequest:
    """Return msgspec's message as an error that names the field; `taken` are the fields of the call."""
    place = _PLACE.fullmatch(problem)
    assert place is not None  # the pattern matches any text
    field, told = place["field"] or "", place["problem"]
    named = _NAMED.fullmatch(told)
    if named is None:
        return InvalidRequest(field or "body", _TYPES.sub(lambda match: _WORDS[match[0]], told))
    path = f"{field}.{named['field']}" if field else named["field"]
    if "unknown" not in told:
        return InvalidRequest(path, "is missing")
    no_field = "is not a field of this request"
    return InvalidRequest(path, no_field if field else f"{no_field}, which takes {', '.join(taken) or 'none'}")
