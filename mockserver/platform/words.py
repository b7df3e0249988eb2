"""Checks the words of a document by a JSON Schema, and words the errors for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

from mockserver.errors import suggestion
from mockserver.platform.errors import Wrong, raise_all, shown

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

    found = sorted(Draft202012Validator(schema(name)).iter_errors(parts), key=lambda error: [*map(str, error.absolute_path)])
    one_a_place: dict[tuple[str | int, ...], ValidationError] = {}
    for error in (best_match([one], key=_depth) or one for one in sorted(found, key=_depth, reverse=True)):
        one_a_place.setdefault(tuple(error.absolute_path), error)
    raise_all(wrong for error in one_a_place.values() for wrong in _wrongs(error))


def _wrongs(error: ValidationError) -> Iterator[Wrong]:
    """Yield what an error is about: each word that is not allowed or is missing, or else the one mistake."""
    path, instance = error.absolute_path, cast(Any, error.instance)
    rules: dict[str, Any] = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "additionalProperties" and error.validator_value is False:
        known, patterns = rules.get("properties", {}), rules.get("patternProperties", ())
        for word in instance:
            if word not in known and not any(re.search(pattern, word) for pattern in patterns):
                yield Wrong(f"there is no word {word!r} here; {suggestion(word, known)}", *path, word)
        return
    if error.validator == "required":
        yield from (Wrong(f"the word {word!r} is missing", *path) for word in rules["required"] if word not in instance)
        return
    yield Wrong(_worded(error), *path, *([str(instance)] if _is_about_a_name(error) else ()))


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
    if _is_about_a_name(error):
        return f"{shown(instance)} cannot stand here: it must be {rules.get('description', 'another name')}"
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
