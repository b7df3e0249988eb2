"""The guard for a request body: it checks the media type, the size and the shape against the document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from mockserver.platform.errors import Wrong
from mockserver.platform.message import NOTHING, HttpMessage, why_not_json
from mockserver.platform.model import BodyProblem
from mockserver.platform.quick import Quick, quick
from mockserver.platform.references import steps_of
from mockserver.platform.samples import Samples, chosen, media_type

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

LONGEST = 200
"""Characters of a validator's own message that are shown; they may quote the body."""

Check = Callable[[HttpMessage, int | None], BodyProblem | None]


class Shape(NamedTuple):
    """A media type's schema: the validator that words the errors, and a quick check of JSON, which only ever says yes."""

    validator: Draft202012Validator | None
    quick: Quick | None = None


class Bodies:
    """Makes the guards for the bodies of one document, whose `schemas` may refer to each other."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas, self._samples, self._checked = schemas, Samples(schemas), set[str]()

    def checker(self, operation: dict[str, Any]) -> tuple[Check | None, str, Any]:
        """Return the guard, its media type, and a body that it accepts. Raises Wrong for an invalid schema."""
        declared = operation.get("requestBody")
        if not isinstance(declared, dict) or not declared.get("content"):
            return None, "", None
        place = ("requestBody", "content")
        shapes = {
            media_type(media): self._of(content.get("schema"), (*place, media, "schema"))
            for media, content in declared["content"].items()
        }
        media, content = chosen(declared["content"])
        example = self._samples.example(content)
        if not any(shape.validator for shape in shapes.values()):
            return None, media, example
        matching = lru_cache(maxsize=64)(partial(_matching, shapes))
        required = bool(declared.get("required", False))

        def check(message: HttpMessage, limit: int | None) -> BodyProblem | None:
            if not message.body:
                return BodyProblem("json", "The request body is empty.") if required else None
            given, shape = matching(message.header("content-type") or "")
            if shape is None:
                return BodyProblem("media", " or ".join(shapes))
            if limit is not None and len(message.body) > limit:
                return BodyProblem("size", str(limit))
            return _problem_of(message, given, shape)

        return check, media, example

    def _of(self, schema: Any, place: tuple[str, ...]) -> Shape:
        if schema is None:
            return Shape(None)
        from jsonschema import Draft202012Validator

        self._check(schema, place)
        refers = isinstance(schema, dict) and any(_references(schema))
        whole = {**schema, "components": {"schemas": self._schemas}} if refers else schema
        is_json = place[2].endswith("json")
        return Shape(Draft202012Validator(whole), quick(schema, self._schemas) if is_json else None)

    def _check(self, schema: Any, place: tuple[str, ...]) -> None:
        """Check a schema, and those that it refers to. Raises Wrong."""
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError

        try:
            Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        except SchemaError as error:
            raise Wrong(f"is not a JSON Schema: {error.message}", *place, *error.absolute_path) from error
        for reference in _references(schema):
            name = steps_of(reference)[2]
            if name not in self._checked:
                self._checked.add(name)
                self._check(self._schemas[name], ("components", "schemas", name))


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for item in schema.values():
            yield from _references(item)


def _matching(shapes: dict[str, Shape], content_type: str) -> tuple[str, Shape | None]:
    """Return the media type of a header, and its schema."""
    given = media_type(content_type)
    return given, next((shape for one, shape in shapes.items() if fnmatchcase(given, one)), None)


def _problem_of(message: HttpMessage, media: str, shape: Shape) -> BodyProblem | None:
    validator = shape.validator
    if validator is None:
        return None
    if media.endswith("urlencoded"):
        properties = validator.schema.get("properties", {}) if isinstance(validator.schema, dict) else {}
        value: Any = {name: _typed(text, properties.get(name)) for name, text in message.form.items()}
    elif media.endswith("json"):
        value = message.strict_json
        if value is NOTHING:
            return BodyProblem("json", why_not_json(message.body))
        if shape.quick is not None and shape.quick(value):
            return None
    else:
        return None
    from jsonschema.exceptions import best_match

    error = best_match(validator.iter_errors(value))
    return None if error is None else _problem(error)


def _typed(text: str, schema: Any) -> Any:
    """Return a field of a form as its schema wants it, because all that a form has is text."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    if kind == "array":
        return [_typed(text, schema.get("items"))]
    if kind in {"integer", "number", "boolean", "object"}:
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    return text


def _problem(error: ValidationError) -> BodyProblem:
    path, rule = [str(step) for step in error.absolute_path], cast("Any", error.validator_value)
    if not path and error.validator == "type":
        wanted = "a JSON object" if "object" in rule else f"of type {rule}"
        return BodyProblem("json", f"The request body must be {wanted}.")
    words = error.message
    if error.validator == "required" and isinstance(error.instance, dict):
        path += [name for name in rule if name not in error.instance][:1]
    elif error.validator == "maxLength":
        words = f"is longer than {rule} characters"
    elif len(words) > LONGEST:
        words = f"breaks the rule {error.validator}"
    field = ".".join(path)
    return BodyProblem("body", f"{field}: {words}" if field else words, field)
