"""The quick decoder against the reference: if it accepts a body, jsonschema does too, and both read the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.engine.decide import ParsedRequest
from mockserver.wire import Request, schemas
from mockserver.wire.bodies import read_json
from mockserver.wire.handler import _read, _read_with_care, _show

TEXTS = st.text(max_size=8) | st.sampled_from(["", "\0", "a" * 254, "a" * 255, '"text"', "text", 'a":b', "é", "\ud83e\udd8b"])
NAMES = st.sampled_from(["webChatSessionId", "text", "guest", "name", "email", "more"])
VALUES = st.recursive(
    TEXTS | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=6,
)
SENDS = st.fixed_dictionaries({"webChatSessionId": TEXTS, "text": TEXTS})
CREATES = st.fixed_dictionaries({"guest": st.fixed_dictionaries({"name": TEXTS, "email": TEXTS})})
BODIES = st.builds(
    lambda value, ascii, indent: json.dumps(value, ensure_ascii=ascii, indent=indent).encode("utf-8", "replace"),
    SENDS | CREATES | VALUES,
    st.booleans(),
    st.sampled_from([None, 1]),
)


def both(operation: Any, body: bytes) -> tuple[ParsedRequest, ParsedRequest]:
    """Return the body as read quickly, if possible, and as read with care."""
    request = Request(method="POST", path="/", content_type="application/json", body=body, size=len(body))
    return _read(operation, request)[0], _read_with_care(operation, request, _show(None))[0]


@pytest.mark.parametrize("operation", ["create", "send"])
@given(body=BODIES)
@example(rb'{"webChatSessionId": "x", "text": "\u0000"}')
@example(rb'{"webChatSessionId": "x", "text": "y", "te\u0078t": "z"}')
@example(b'{"webChatSessionId": "x", "text": "y", "text": "z"}')
@example(b'{"webChatSessionId": "x", "text": "y", "more": 1, "more": 2}')
@example(b'{"guest": {"name": "a", "email": "b", "name": "c"}}')
@example(b'{"guest": {"name": "a", "email": "b"}, "guest": null}')
def test_quickly_or_with_care_the_same_is_read(operation: str, body: bytes) -> None:
    quickly, with_care = both(operation, body)
    assert quickly == with_care


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("send", b'{"webChatSessionId": "x", "text": "http://a:b"}'),
        ("send", b'{ "text" : "caf\xc3\xa9", "webChatSessionId" : "x" }'),
        ("create", b'{"guest":{"name":"Ann","email":"ann@example.com"}}'),
    ],
)
def test_the_usual_bodies_are_read_quickly(operation: str, body: bytes) -> None:
    assert schemas.quick_decoder(operation)(body) is not None


@given(value=SENDS | CREATES)
def test_what_the_reference_takes_has_no_problem_in_words(value: Any) -> None:
    body = json.dumps(value).encode()
    request = Request(method="POST", path="/", content_type="application/json", body=body, size=len(body))
    document = read_json(request).document
    operation = "send" if "text" in value else "create"
    valid = document is not None and "\0" not in msgspec.json.encode(document).decode().replace("\\u0000", "\0")
    if schemas.problem(operation, value) is None:
        assert valid
