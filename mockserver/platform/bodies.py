"""The guard for a request body: is it of the media type, the size and the shape that the document asks for?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from mockserver.platform.errors import Wrong
from mockserver.platform.message import NOTHING, Message
from mockserver.platform.model import Problem

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
    try:
        Draft202012Validator.check_schema(schema)
    except Exception as error:
        raise Wrong(f"the schema of its body is not one: {getattr(error, 'message', error)}") from error
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
        value = message.json
        if value is NOTHING or _is_odd(message.body):
            return Problem("json", "The request body is not JSON.")
    else:
        return None
    error = min(validator.iter_errors(value), key=_place, default=None)
    return None if error is None else _problem(error)


def _is_odd(body: bytes) -> bool:
    """Whether only Python's notation reads it."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return True
    return False


def _place(error: ValidationError) -> list[str]:
    return [str(step) for step in error.absolute_path]


def _problem(error: ValidationError) -> Problem:
    path = [str(step) for step in error.absolute_path]
    if error.validator == "required" and isinstance(error.instance, dict):
        required: Any = error.validator_value
        missing = next(name for name in required if name not in error.instance)
        path.append(missing)
        return Problem("body", f"{'.'.join(path)}: is missing", ".".join(path))
    if not path and error.validator == "type":
        return Problem("json", f"The request body must be of type {error.validator_value}.")
    field = ".".join(path)
    words = error.message if len(error.message) <= 200 else f"breaks the rule {error.validator}"
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
        return [smallest(schema.get("items"), depth + 1)] * int(schema.get("minItems", 0))
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    return {"boolean": True, "null": None}.get(kind, "x" * max(1, int(schema.get("minLength", 1))))


DEEPEST = 20
"""Levels of a body that is made up."""
