"""Reading bodies: what is JSON and what only looks like it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.model import Reason
from mockserver.wire import Request
from mockserver.wire.bodies import keys_of, read_form, read_json
from mockserver.wire.message import MAX_READ

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def a_request(body: bytes, content_type: str | None = "application/json", size: int | None = None) -> Request:
    return Request(method="POST", path="/", content_type=content_type, body=body, size=len(body) if size is None else size)


@given(VALUES)
def test_json_is_read_as_it_was_written(value: Any) -> None:
    body = read_json(a_request(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")))
    if body.problem is None:
        assert body.document == value
    else:
        assert max(json.dumps(value, ensure_ascii=False)) >= "\ud800"  # only a lone surrogate may be refused


@given(VALUES)
def test_members_are_counted_at_any_depth(value: Any) -> None:
    text = json.dumps(value)
    assert keys_of(value) == text.count('": ') - sum(string.count('": ') for string in _strings(value))


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [json.dumps(value)]
    if isinstance(value, dict):
        return [json.dumps(name)[:-1] for name in value] + [text for item in value.values() for text in _strings(item)]
    return [text for item in value for text in _strings(item)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"{", "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'"\xff"', "not UTF-8"),
        (b"NaN", "NaN"),
        (b"[Infinity]", "Infinity"),
        (rb'"\ud800"', "lone surrogate"),
        (b"[" * 10_000 + b"]" * 10_000, "too deeply"),
        (b'{"a": 1, "a": 2}', "'a' occurs twice"),
        (b'{"x": {"a": 1, "a": 2}}', "'a' occurs twice"),
    ],
)
def test_what_is_not_json_is_told(raw: bytes, told: str) -> None:
    body = read_json(a_request(raw))
    assert body.problem is Reason.NOT_JSON
    assert told in body.detail


def test_colons_in_strings_are_no_repeated_names() -> None:
    assert read_json(a_request(b'{"a": "b: c: d", "e": "f"}')).problem is None


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"', "application/json;x=y"],
)
def test_json_media_types(content_type: str) -> None:
    assert read_json(a_request(b"{}", content_type)).media is None


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/jsonp", "application/json; charset=latin-1", "application/x-www-form-urlencoded"],
)
def test_other_media_types(content_type: str | None) -> None:
    assert read_json(a_request(b"{}", content_type)).media is Reason.MEDIA_TYPE


@pytest.mark.parametrize("content_type", [None, "text/plain"])
def test_an_empty_body_has_no_media_type(content_type: str | None) -> None:
    assert read_json(a_request(b"", content_type)) == (None, None, None, "")


def test_a_body_cut_short_by_its_sender_is_not_json_even_where_what_came_is() -> None:
    read = read_json(a_request(b"{}", size=100))
    assert (read.problem, read.detail) == (Reason.NOT_JSON, "The body ended after 2 of its 100 bytes.")


def test_a_body_that_was_not_read_to_its_end_is_not_decoded() -> None:
    assert read_json(a_request(b"{" * MAX_READ, size=MAX_READ + 1)).problem is None


FORM = "application/x-www-form-urlencoded"


def test_a_form_is_read() -> None:
    assert read_form(a_request(b"grant_type=client_credentials&scope=a+b", FORM)).document == {
        "grant_type": "client_credentials",
        "scope": "a b",
    }


@pytest.mark.parametrize("raw", [b"a=1&a=2", b"a=%ff", b"\xff=1", b"&".join(b"a%d=1" % n for n in range(200))])
def test_a_form_that_cannot_be_read_is_an_invalid_request(raw: bytes) -> None:
    assert read_form(a_request(raw, FORM)).problem is Reason.OAUTH_INVALID_REQUEST


def test_a_field_without_a_value_counts_as_left_out() -> None:
    assert read_form(a_request(b"scope=&grant_type=x", FORM)).document == {"grant_type": "x"}
