"""The guard for a request body: is it of the media type, the size and the shape that the document asks for?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from mockserver.platform.errors import Wrong
from mockserver.platform.message import NOTHING, Message
from mockserver.platform.model import Problem

Check = Callable[[Message, int | None], Problem | None]


def checker(operation: dict[str, Any]) -> tuple[Check | None, str, Any]:
    """Return the guard, the media type it asks for, and an example of a body. Raises Wrong for a schema that is none."""
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
