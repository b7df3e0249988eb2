"""Strict reading of bodies and query strings into values. Errors name unknown fields and wrong types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import flask
import msgspec

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


def body(kind: type[V], *, required: bool = False, typed: bool = True) -> V:
    """Return the JSON body of the call; an absent one counts as ``{}`` unless it is `required`.

    If it is `typed`, its media type must be JSON. Raises Refused or InvalidRequest.
    """
    request = flask.request
    request.max_content_length = MAX_BODY
    raw = request.get_data(cache=False)
    if not raw and required:
        raise Refused(400, "the body is missing: send a JSON object")
    if not raw:
        return convert({}, kind)
    read = read_json(Request(method="POST", path="", content_type=request.content_type, body=raw, size=len(raw)))
    if typed and read.media is not None:
        raise Refused(415, "the body must be JSON in UTF-8: Content-Type: application/json")
    if read.problem is not None:
        raise Refused(400, read.detail)
    return convert(read.document, kind)


def query(kind: type[V], *flags: str) -> V:
    """Return the query string as values of `kind`, each parameter at most once, without `flags`. Raises InvalidRequest."""
    given = flask.request.args.to_dict(flat=False)
    for name, values in given.items():
        if len(values) > 1:
            raise InvalidRequest(name, "is given more than once")
    read = convert({name: values[0] for name, values in given.items() if name not in flags}, kind, *flags, strict=False)
    for name in given:
        if getattr(read, name, "") is None:  # msgspec reads the word null as None
            raise InvalidRequest(name, "must have a value; leave the parameter out instead")
    return read


def convert(value: Any, kind: type[V], *flags: str, strict: bool = True) -> V:
    """Return a value of JSON as one of `kind`; without `strict`, its parts may be texts. Raises InvalidRequest."""
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
