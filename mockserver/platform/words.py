"""Checks the words of a document by a JSON Schema, and words the errors for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from mockserver.platform.errors import Wrong, raise_all, shown, suggestion

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


@cache
def schema(name: str = "x-lifecycle") -> dict[str, Any]:
    """Return a JSON Schema: `x-lifecycle` is that of both extensions, `openapi` and `overlay` those of the other documents."""
    loaded: dict[str, Any] = json.loads(resources.files("mockserver.platform").joinpath(f"{name}.schema.json").read_bytes())
    return loaded


def check_words(parts: dict[str, Any], name: str) -> None:
    """Check parts of a document by a schema. Raises Wrong, with each wrong word and the right one."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    found = list(Draft202012Validator(schema(name)).iter_errors(parts))
    blamed = [best for best in [best_match(found, key=_depth), *(best_match([error], key=_depth) for error in found)] if best]
    one_a_place: dict[tuple[str | int, ...], ValidationError] = {}
    for error in blamed:
        one_a_place.setdefault(tuple(error.absolute_path), error)
    raise_all(Wrong(_worded(error), *_blamed(error)) for error in one_a_place.values())


def _blamed(error: ValidationError) -> Iterator[str | int]:
    """Yield the path of the wrong word."""
    yield from error.absolute_path
    if error.validator == "additionalProperties" and error.validator_value is False:
        yield _strangers(error)[0]
    elif _is_about_a_name(error):
        yield str(error.instance)


def _strangers(error: ValidationError) -> list[str]:
    """Return the words that are not allowed there."""
    known: Mapping[str, Any] = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    instance: Mapping[str, Any] = error.instance if isinstance(error.instance, dict) else {}
    return [name for name in instance if name not in known and not name.startswith("x-")] or list(instance)


def _is_about_a_name(error: ValidationError) -> bool:
    return "propertyNames" in error.absolute_schema_path


def _depth(error: ValidationError) -> tuple[int, bool, bool]:
    """Sort by depth: the deepest error belongs to the alternative that was meant.

    A misspelt word comes before the report that the right one is missing.
    """
    return (-len(error.path), error.validator not in {"anyOf", "oneOf"}, error.validator != "required")


def _worded(error: ValidationError) -> str:
    instance, keyword = error.instance, error.validator
    rules: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    if keyword == "additionalProperties" and isinstance(instance, dict) and error.validator_value is False:
        wrong = _strangers(error)[0]
        return f"there is no word {wrong!r} here; {suggestion(wrong, rules.get('properties', ()))}"
    if _is_about_a_name(error):
        return f"{shown(instance)} cannot stand here: it must be {rules.get('description', 'another name')}"
    if keyword == "required" and isinstance(instance, dict):
        missing = [name for name in rules["required"] if name not in instance]
        return f"the word {missing[0]!r} is missing"
    if "description" in rules:
        return f"{shown(instance)} is not right: it must be {rules['description']}"
    if keyword == "enum":
        return f"{shown(instance)} is not one of {', '.join(map(str, rules['enum']))}"
    if keyword == "type":
        named = [rules["type"]] if isinstance(rules["type"], str) else rules["type"]
        return f"{shown(instance)} is not {' or '.join(_TYPES[one] for one in named)}"
    return error.message if len(error.message) <= MESSAGE else f"{shown(instance)} breaks the rule {keyword}"


_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}

MESSAGE = 150
"""Characters of a validator's own message that are shown."""
