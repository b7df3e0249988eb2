"""Parsing of bodies: media type, JSON or form. Problems are only reported here; the guards decide."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from mockserver.engine.model import Reason
from mockserver.platform.message import why_not_json
from mockserver.wire.message import MAX_READ, Request

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


MAX_DEPTH = 100
"""The deepest nesting of objects and lists in a JSON body. No operation needs more than three levels."""


MAX_FORM = 64 << 10
"""The most bytes of a form that are read. A token request has some hundred."""

MAX_VALUES = 10_000
"""The most values in a JSON body. No operation needs more than five. In memory each takes up to thirty times its bytes."""

_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


class ParsedBody(NamedTuple):
    """A parsed body. `media` and `problem` are why it cannot be used (None: it can); `detail` says so in words."""

    document: Any = None
    media: Reason | None = None
    problem: Reason | None = None
    detail: str = ""


def is_json(content_type: str | None) -> bool:
    """Return whether the media type is JSON in UTF-8."""
    if content_type == JSON:
        return True
    kind, _, parameters = (content_type or "").partition(";")
    return kind.strip().lower() == "application/json" and _charset_is_utf8(parameters)


def is_form(content_type: str | None) -> bool:
    """Return whether the media type is a URL-encoded form in UTF-8."""
    kind, _, parameters = (content_type or "").partition(";")
    return kind.strip().lower() == FORM and _charset_is_utf8(parameters)


def _charset_is_utf8(parameters: str) -> bool:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            return False
    return True


def read_json(request: Request) -> ParsedBody:
    """Parse a JSON body. An empty one is the document None, whatever its media type."""
    raw = request.body
    if not raw and not request.size:
        return ParsedBody()
    media = None if is_json(request.content_type) else Reason.MEDIA_TYPE
    if request.size > len(raw):
        return ParsedBody(media=media) if len(raw) >= MAX_READ else ParsedBody(None, media, Reason.NOT_JSON, _cut(request))
    if holds_more(raw, MAX_VALUES):
        return ParsedBody(None, media, Reason.NOT_JSON, f"The body holds more than {MAX_VALUES} values.")
    try:
        document = msgspec.json.decode(raw)
    except (ValueError, RecursionError) as error:
        return ParsedBody(None, media, Reason.NOT_JSON, why_not_json(raw, error))
    if is_nested_too_deeply(raw, document):
        return ParsedBody(None, media, Reason.NOT_JSON, "The body is nested too deeply.")
    if raw.count(b":") != keys_of(document):  # then strings contain colons, or a key occurs twice
        repeated = _repeated_key(raw)
        if repeated is not None:
            return ParsedBody(None, media, Reason.NOT_JSON, f"The name {repeated!r} occurs twice in one object.")
    return ParsedBody(document, media)


def holds_more(raw: bytes, values: int) -> bool:
    """Return whether a JSON document has more than `values` values, without decoding it."""
    return len(raw) > values and _values(raw) > values and _values(_STRINGS.sub(b"", raw)) > values


def _values(raw: bytes) -> int:
    """Return roughly how many values there are, counting commas and brackets inside strings too."""
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{")


def is_nested_too_deeply(raw: bytes, document: Any) -> bool:
    """Return whether a document nests deeper than MAX_DEPTH.

    Code that walks it later may already be deeper in Python's stack.
    """
    return raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and is_deep(document)


def is_deep(document: Any) -> bool:
    """Return whether objects and lists nest deeper than MAX_DEPTH, without recursion."""
    depth, level = 0, [document]
    while level and depth <= MAX_DEPTH:
        inner = [value.values() if type(value) is dict else value for value in level if type(value) in (dict, list)]
        depth, level = depth + 1, [item for values in inner for item in values]
    return depth > MAX_DEPTH


def keys_of(document: Any) -> int:
    """Return how many members all objects of a document have together.

    It does not recurse, because only the decoder limits the depth here.
    """
    total, stack = 0, [document]
    while stack:
        value = stack.pop()
        if type(value) is dict:
            total += len(value)
            stack.extend(value.values())
        elif type(value) is list:
            stack.extend(value)
    return total


class _Repeated(Exception):
    pass


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        raise _Repeated(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return members


def _repeated_key(raw: bytes) -> str | None:
    try:
        json.loads(raw.decode(), object_pairs_hook=_unrepeated)
    except _Repeated as repeated:
        return str(repeated)[:100]
    except (ValueError, RecursionError):
        return None
    return None


def _cut(request: Request) -> str:
    return f"The body ended after {len(request.body)} of its {request.size} bytes."


def read_form(request: Request) -> ParsedBody:
    """Parse a form. A field without a value counts as missing; a field given twice is an error (RFC 6749, section 3.2)."""
    if not request.body and not request.size:
        return ParsedBody({})
    media = None if is_form(request.content_type) else Reason.MEDIA_TYPE
    if media is None and request.size > MAX_FORM:
        return ParsedBody({}, None, Reason.OAUTH_INVALID_REQUEST, f"the form is larger than {MAX_FORM} bytes")
    if request.size > len(request.body) or media is not None:
        return ParsedBody({}, media)
    try:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        return ParsedBody({}, None, Reason.OAUTH_INVALID_REQUEST, "the form cannot be decoded")
    fields = {name: value for name, value in pairs if value}
    if len({name for name, _ in pairs}) < len(pairs):
        return ParsedBody(fields, None, Reason.OAUTH_INVALID_REQUEST, "a field is given twice")
    return ParsedBody(fields, None)
