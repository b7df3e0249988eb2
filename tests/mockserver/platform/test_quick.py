"""The quick check of bodies never says yes if the reference validator says no."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockserver.platform import find
from mockserver.platform.declaration import load
from mockserver.platform.message import NOTHING, HttpMessage
from mockserver.platform.quick import quick

NAMES = ("a", "b", "name")
COUNTS = st.integers(0, 3)

leaves = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-3, 3) | st.text("ab1", max_size=3)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
)
types = st.sampled_from(["string", "object", "array", "boolean", "null", "integer", "number"])


def _with(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Schemas of which `inner` are parts."""
    several = st.lists(inner, min_size=1, max_size=3)
    optional = {
        "type": types | st.lists(types, min_size=1, max_size=2, unique=True),
        "enum": st.lists(leaves, min_size=1, max_size=3),
        "const": leaves,
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), COUNTS),
        **dict.fromkeys(("minimum", "maximum"), st.integers(-2, 2)),
        "pattern": st.sampled_from(["^a", "b$", "1"]),
        "items": inner,
        "properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
        "required": st.lists(st.sampled_from(NAMES), max_size=2, unique=True),
        "additionalProperties": st.booleans() | inner,
        "uniqueItems": st.booleans(),
        "not": inner,
        **dict.fromkeys(("allOf", "anyOf", "oneOf"), several),
    }
    return st.fixed_dictionaries({}, optional=optional).filter(lambda schema: len(schema) < 5)


schemas = st.recursive(st.just({"$ref": "#/components/schemas/A"}) | st.booleans(), _with, max_leaves=6)
DEFINITIONS = {"A": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "minLength": 1}}}}


@given(schemas, values)
def test_what_it_accepts_is_valid(schema: Any, value: Any) -> None:
    check = quick(schema, DEFINITIONS)
    if check is not None and check(HttpMessage(body=json.dumps(value).encode())):
        whole = {**schema, "components": {"schemas": DEFINITIONS}} if isinstance(schema, dict) else schema
        Draft202012Validator(whole).validate(value)


@given(values, st.sampled_from(["", "\x01", "\ufeff", "\\ud800", "1e999", "NaN", "]", ","]), st.integers(0, 20))
def test_what_is_strict_json_is_json(value: Any, odd: str, at: int) -> None:
    text = json.dumps(value)
    body = (text[:at] + odd + text[at:]).encode()
    found = HttpMessage(body=body).strict_json
    if found is not NOTHING:
        assert found == json.loads(body.decode())


@pytest.mark.parametrize(
    "schema", [{"oneOf": [True]}, {"anyOf": [{}]}, {"type": "array", "uniqueItems": True}, {"$ref": "#/nowhere"}]
)
def test_there_is_none_for_a_keyword_that_it_does_not_know(schema: Any) -> None:
    assert quick(schema, {}) is None


def test_there_is_none_for_a_schema_that_contains_itself() -> None:
    tree = {"properties": {"left": {"$ref": "#/components/schemas/Tree"}}}
    assert quick(tree, {"Tree": tree}) is None


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("CreateSession", None),
        ("CreateSession", {"guest": {"name": "Ann", "email": "a@b"}, "more": 1}),
        ("SendMessage", {"webChatSessionId": "x", "text": "Hello"}),
    ],
)
def test_it_accepts_the_usual_bodies_of_the_web_chat(name: str, body: Any) -> None:
    known = load(find("webchat")).schemas
    check = quick(known[name], known)
    assert check is not None
    assert check(HttpMessage(body=json.dumps(body).encode()))
