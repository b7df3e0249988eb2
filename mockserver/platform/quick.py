"""A quick check of a value by a JSON Schema. What it accepts is valid; it may refuse what is valid.

It supports the keywords that request bodies usually have. If a schema has any other, `quick` returns None. The reference
validator decides about what it refuses, and words the error. A property test compares the two.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, TypeAlias

Quick: TypeAlias = Callable[[Any], bool]

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "object": (dict,),
    "array": (list,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}

SILENT = {"title", "description", "default", "example", "examples", "deprecated", "format", "readOnly", "writeOnly", "$comment"}
"""Keywords that refuse nothing."""

_OF_TEXTS = {"type", "minLength", "maxLength"}
_MEMBERS = ("properties", "required", "additionalProperties")
_REFERENCE = "#/components/schemas/"


def quick(schema: Any, definitions: Mapping[str, Any]) -> Quick | None:
    """Return the check, None if the schema has a keyword that it does not support. `definitions` is what it may refer to."""
    try:
        return _check(schema, definitions)
    except (KeyError, RecursionError):
        return None


def _check(schema: Any, definitions: Mapping[str, Any]) -> Quick:
    if isinstance(schema, bool):
        return lambda _: schema
    told: dict[str, Any] = {word: value for word, value in schema.items() if word not in SILENT and word[:2] != "x-"}
    if told.get("type") == "string" and told.keys() <= _OF_TEXTS:  # the most frequent one, in one step
        low, high = told.get("minLength", 0), told.get("maxLength", sys.maxsize)
        return lambda value: type(value) is str and low <= len(value) <= high
    checks = []
    if not told.keys().isdisjoint(_MEMBERS):
        checks.append(_members(told, definitions, told.get("type") != "object" or not told.pop("type")))
    checks += [RULES[word](value, definitions) for word, value in told.items() if word not in _MEMBERS]
    return reduce(_both, checks) if checks else lambda _: True


def _both(first: Quick, second: Quick) -> Quick:
    return lambda value: first(value) and second(value)


def _members(told: Mapping[str, Any], definitions: Mapping[str, Any], otherwise: bool) -> Quick:
    """Return the check of an object's members, and `otherwise` for any other value."""
    required, more = told.get("required", ()), told.get("additionalProperties", True)
    properties = {name: _check(one, definitions) for name, one in told.get("properties", {}).items()}
    others = None if more is False else _check(more, definitions)

    def check(value: Any) -> bool:
        if type(value) is not dict:
            return otherwise
        for name in required:
            if name not in value:
                return False
        for name, member in value.items():
            holds = properties.get(name, others)
            if holds is None or not holds(member):
                return False
        return True

    return check


def _type(named: Any, _: Any) -> Quick:
    types = frozenset(one for name in ([named] if isinstance(named, str) else named) for one in TYPES[name])
    return lambda value: type(value) in types


def _pattern(pattern: str, _: Any) -> Quick:
    search = re.compile(pattern).search
    return lambda value: type(value) is not str or search(value) is not None


def _items(schema: Any, definitions: Mapping[str, Any]) -> Quick:
    check = _check(schema, definitions)
    return lambda value: type(value) is not list or all(map(check, value))


RULES: Mapping[str, Callable[[Any, Mapping[str, Any]], Quick]] = {
    "$ref": lambda name, known: _check(known[name.removeprefix(_REFERENCE)], known),
    "type": _type,
    "enum": lambda known, _: lambda value: type(value) is str and value in known,
    "const": lambda known, _: lambda value: type(value) is str and value == known,
    "minLength": lambda least, _: lambda value: type(value) is not str or len(value) >= least,
    "maxLength": lambda most, _: lambda value: type(value) is not str or len(value) <= most,
    "minItems": lambda least, _: lambda value: type(value) is not list or len(value) >= least,
    "maxItems": lambda most, _: lambda value: type(value) is not list or len(value) <= most,
    "minimum": lambda least, _: lambda value: type(value) not in TYPES["number"] or value >= least,
    "maximum": lambda most, _: lambda value: type(value) not in TYPES["number"] or value <= most,
    "pattern": _pattern,
    "items": _items,
}
"""Each makes the check of its keyword."""
