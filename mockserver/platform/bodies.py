"""The guard for a request body: is it of the media type, the size and the shape that the document asks for?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match

from mockserver.platform.errors import Wrong
from mockserver.platform.message import NOTHING, Message
from mockserver.platform.model import Problem

LONGEST = 200
"""Characters of a validator's own words that are told; they may quote the body."""

Check = Callable[[Message, int | None], Problem | None]


def checker(operation: dict[str, Any]) -> tuple[Check | None, str, Any]:
    """Return the guard, the media type it asks for, and a body that it takes. Raises Wrong for a schema that is none."""
    declared = operation.get("requestBody")
    if not isinstance(declared, dict) or not declared.get("content"):
        return None, "", None
    media, content = next(iter(declared["content"].items()))
    example, schema = content.get("example"), content.get("schema")
    if schema is None:
        return None, media, example
    place = ("requestBody", "content", media, "schema")
    try:
        Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    except SchemaError as error:
        raise Wrong(f"is not a JSON Schema: {error.message}", *place, *error.absolute_path) from error
    validator, required = Draft202012Validator(schema), bool(declared.get("required", False))
    example = smallest(schema) if example is None else example

    def check(message: Message, limit: int | None) -> Problem | None:
        if not message.body:
            return Problem("json", "The request body is empty.") if required else None
        if (message.header("content-type") or "").partition(";")[0].strip().lower() != media:
            return Problem("media", media)
        if limit is not None and len(message.body) > limit:
            return Problem("size", str(limit))
        return _shape(message, media, validator)

    return check, media, example


def _shape(message: Message, media: str, validator: Draft202012Validator) -> Problem | None:
    if media.endswith("urlencoded"):
        value: Any = message.form
    elif media.endswith("json"):
        odd = _odd(message.body)
        if message.json is NOTHING or odd:
            return Problem("json", odd or "The body holds a number or a character that JSON in UTF-8 cannot hold.")
        value = message.json
    else:
        return None
    error = best_match(validator.iter_errors(value))
    return None if error is None else _problem(error)


def _odd(body: bytes) -> str:
    """Return why a body is not JSON, "" if it is; Python's own notation is read too, and is not."""
    try:
        json.loads(body.decode())
    except UnicodeDecodeError as error:
        return f"The body is not UTF-8 at byte {error.start}."
    except RecursionError:
        return "The body is nested too deeply."
    except ValueError as error:
        return f"The body is not JSON: {error}."
    return ""


def _problem(error: ValidationError) -> Problem:
    path, rule = [str(step) for step in error.absolute_path], cast("Any", error.validator_value)
    if not path and error.validator == "type":
        wanted = "a JSON object" if "object" in rule else f"of type {rule}"
        return Problem("json", f"The request body must be {wanted}.")
    words = error.message
    if error.validator == "required" and isinstance(error.instance, dict):
        path += [name for name in rule if name not in error.instance][:1]
    elif error.validator == "maxLength":
        words = f"is longer than {rule} characters"
    elif len(words) > LONGEST:
        words = f"breaks the rule {error.validator}"
    field = ".".join(path)
    return Problem("body", f"{field}: {words}" if field else words, field)


def smallest(schema: Any, depth: int = 0) -> Any:
    """Return a small value of the shape that a schema asks for, as far as types, bounds and required members say it."""
    if not isinstance(schema, dict) or depth > DEEPEST:
        return None
    for word in ("const", "default", "example"):
        if word in schema:
            return schema[word]
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: smallest(properties.get(name, {}), depth + 1) for name in schema.get("required", ())}
    if kind == "array":
        return [smallest(schema.get("items"), depth + 1)] * min(MOST, int(schema.get("minItems", 0)))
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    return {"boolean": True, "null": None}.get(kind, "x" * min(MOST, max(1, int(schema.get("minLength", 1)))))


DEEPEST = 20
"""Levels of a body that is made up."""

MOST = 10_000
"""Characters of a text, or items of a list, in a body that is made up."""
