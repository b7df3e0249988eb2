"""A quick check of a value by a JSON Schema. What it accepts is valid; it may refuse what is valid.

It supports the keywords that request bodies usually have. For any other there is no quick check. The reference validator
decides about what it refuses, and words the error. A property test compares the two.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence, Sized
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


def quick(schema: Any, definitions: Mapping[str, Any]) -> Quick | None:
    """Return the check, None if the schema has a keyword that it does not support. `definitions` is what it may refer to."""
    try:
        return _check(schema, definitions)
    except (_Unsupported, RecursionError):
        return None


class _Unsupported(Exception):
    """The schema has something that only the reference validator knows."""


def _check(schema: Any, definitions: Mapping[str, Any]) -> Quick:
    if schema is True:
        return _anything
    if not isinstance(schema, dict):
        raise _Unsupported
    rest = {name: value for name, value in schema.items() if name not in SILENT and not name.startswith("x-")}
    checks = [RULES[word](rest, definitions) for word in RULES if word in rest]
    if rest:
        raise _Unsupported
    return _all(checks)


def _all(checks: Sequence[Quick]) -> Quick:
    """Return the check that all of these make. In pairs it takes half the time of a loop."""
    if len(checks) < 2:
        return checks[0] if checks else _anything
    first, second = checks[0], _all(checks[1:])
    return lambda value: first(value) and second(value)


def _anything(_: Any) -> bool:
    return True


Rest: TypeAlias = dict[str, Any]
"""The keywords that no rule has taken yet."""


def _is_only(name: str, rest: Rest) -> bool:
    """Return True, and take the keyword, if a value must be of this type."""
    return rest.get("type") == name and bool(rest.pop("type"))


def _reference(rest: Rest, definitions: Mapping[str, Any]) -> Quick:
    name = rest.pop("$ref").removeprefix("#/components/schemas/")
    if name not in definitions:
        raise _Unsupported
    return _check(definitions[name], definitions)


def _type(rest: Rest, _: Mapping[str, Any]) -> Quick:
    named = rest.pop("type")
    types = frozenset(one for name in ([named] if isinstance(named, str) else named) for one in TYPES[name])
    if len(types) == 1:
        (kind,) = types
        return lambda value: type(value) is kind
    return lambda value: type(value) in types


def _enum(rest: Rest, _: Mapping[str, Any]) -> Quick:
    texts = frozenset(one for one in rest.pop("enum") if isinstance(one, str))
    return lambda value: type(value) is str and value in texts


def _const(rest: Rest, _: Mapping[str, Any]) -> Quick:
    text = rest.pop("const")
    return lambda value: type(value) is str and value == text


def _length(kind: type[Sized], name: str, least: str, most: str) -> Callable[[Rest, Mapping[str, Any]], Quick]:
    """Return the rule for the two keywords that limit the length of one type."""

    def rule(rest: Rest, _: Mapping[str, Any]) -> Quick:
        low, high = rest.pop(least, 0), rest.pop(most, sys.maxsize)
        if _is_only(name, rest):
            return lambda value: type(value) is kind and low <= len(value) <= high
        return lambda value: type(value) is not kind or low <= len(value) <= high

    return rule


def _pattern(rest: Rest, _: Mapping[str, Any]) -> Quick:
    search = re.compile(rest.pop("pattern")).search
    return lambda value: type(value) is not str or search(value) is not None


def _range(rest: Rest, _: Mapping[str, Any]) -> Quick:
    low, high = rest.pop("minimum", float("-inf")), rest.pop("maximum", float("inf"))
    return lambda value: type(value) not in TYPES["number"] or low <= value <= high


def _items(rest: Rest, definitions: Mapping[str, Any]) -> Quick:
    check = _check(rest.pop("items"), definitions)
    return lambda value: type(value) is not list or all(map(check, value))


def _members(rest: Rest, definitions: Mapping[str, Any]) -> Quick:
    """Return the check of an object's members."""
    required, more = tuple(rest.pop("required", ())), rest.pop("additionalProperties", True)
    properties = {name: _check(one, definitions) for name, one in rest.pop("properties", {}).items()}
    others = None if more is False else _check(more, definitions)
    otherwise = not _is_only("object", rest)

    def check(value: Any) -> bool:
        if type(value) is not dict:
            return otherwise
        for name in required:
            if name not in value:
                return False
        for name, member in value.items():
            one = properties.get(name, others)
            if one is None or not one(member):
                return False
        return True

    return check


def _all_of(rest: Rest, definitions: Mapping[str, Any]) -> Quick:
    return _all([_check(one, definitions) for one in rest.pop("allOf")])


def _any_of(rest: Rest, definitions: Mapping[str, Any]) -> Quick:
    checks = [_check(one, definitions) for one in rest.pop("anyOf")]
    return lambda value: any(check(value) for check in checks)


RULES: Mapping[str, Callable[[Rest, Mapping[str, Any]], Quick]] = {
    "$ref": _reference,
    "enum": _enum,
    "const": _const,
    **dict.fromkeys(("minLength", "maxLength"), _length(str, "string", "minLength", "maxLength")),
    **dict.fromkeys(("minItems", "maxItems"), _length(list, "array", "minItems", "maxItems")),
    "pattern": _pattern,
    **dict.fromkeys(("minimum", "maximum"), _range),
    "items": _items,
    **dict.fromkeys(("properties", "required", "additionalProperties"), _members),
    "allOf": _all_of,
    "anyOf": _any_of,
    "type": _type,
}
"""Each takes its keywords from the rest, and those that belong to them."""
