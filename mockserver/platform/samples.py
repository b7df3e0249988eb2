"""Values for messages: the examples of a document, or else small values of the shape that a schema asks for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from mockserver.platform.message import dig
from mockserver.platform.references import steps_of

DEEPEST = 20
"""The most levels of a generated body."""

MOST = 10_000
"""The most characters of a text, or items of a list, in a generated body."""

NEAR = 0.85
"""How alike a misspelt name is at least: `pas` and `pass` are, `id` and `ids` or `access_token` and `refresh_token` are not."""

_TOGETHER = ("allOf", "oneOf", "anyOf")


class Samples:
    """Makes values for one document, whose `schemas` may refer to each other."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._components = {"components": {"schemas": schemas}}

    def example(self, content: dict[str, Any], name: str = "") -> Any:
        """Return the example of a content: the one with this name, or its own, or else what its schema asks for."""
        several: dict[str, Any] = content.get("examples", {})
        if name in several or "example" not in content:
            told: dict[str, Any] = several.get(name) or next(iter(several.values()), {})
            return told["value"] if "value" in told else self.smallest(content.get("schema"))
        return content["example"]

    def meant(self, content: dict[str, Any], example: Any, steps: tuple[str, ...], value: str) -> str | None:
        """Return the member that a misspelt pointer into a body means: one with the value itself, or with nearly the same name.

        None if the example or the schema has the pointer's own, or nothing like it: an example may leave out what is brought.
        """
        *owners, last = steps
        owner, promised = dig(example, owners), self._properties(content.get("schema"), set())
        if not isinstance(owner, dict) or last in owner or last in promised:
            return None
        same = (name for name, item in owner.items() if item == value)
        return next(same, None) or next(iter(get_close_matches(last, {*owner, *promised}, 1, NEAR)), None)

    def _properties(self, schema: Any, seen: set[str]) -> set[str]:
        """Return the names of all properties in a schema, at any depth."""
        if isinstance(schema, list):
            return {name for part in schema for name in self._properties(part, seen)}
        if not isinstance(schema, dict):
            return set()
        names = {*schema["properties"]} if isinstance(schema.get("properties"), dict) else set()
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref not in seen:
            seen.add(ref)
            names |= self._properties(dig(self._components, steps_of(ref)), seen)
        return names | self._properties([part for part in schema.values() if isinstance(part, dict | list)], seen)

    def smallest(self, schema: Any, depth: int = 0) -> Any:
        """Return a small value of the shape that a schema asks for, according to types, bounds and required members."""
        if not isinstance(schema, dict) or depth > DEEPEST:
            return None
        told = [schema[word] for word in ("const", "default", "example") if word in schema]
        told += [value for word in ("enum", "examples") for value in (schema.get(word) or ())[:1]]
        if told:
            return told[0]
        if "$ref" in schema:
            return self.smallest(dig(self._components, steps_of(schema["$ref"])), depth + 1)
        parts = next((schema[word] for word in _TOGETHER if schema.get(word)), None)
        return self._of_type(schema, depth) if parts is None else self._together(schema, parts, depth)

    def _together(self, schema: dict[str, Any], parts: list[Any], depth: int) -> Any:
        """Return a value for all of some schemas, or for the first of several alternatives."""
        own = self._of_type({"type": "object", **schema}, depth)
        whole: dict[str, Any] = {}
        for value in [own, *(self.smallest(part, depth + 1) for part in (parts if schema.get("allOf") else parts[:1]))]:
            if not isinstance(value, dict):
                return value
            whole |= value
        return whole

    def _of_type(self, schema: dict[str, Any], depth: int) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self.smallest(properties.get(name, {}), depth + 1) for name in schema.get("required", ())}
        if kind == "array":
            return [self.smallest(schema.get("items"), depth + 1)] * min(MOST, int(schema.get("minItems", 0)))
        if kind in {"integer", "number"}:
            return schema.get("minimum", 1)
        return {"boolean": True, "null": None}.get(kind, "x" * min(MOST, max(1, int(schema.get("minLength", 1)))))


def media_type(text: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return text.partition(";")[0].strip().lower()


def chosen(content: dict[str, Any]) -> tuple[str, Any]:
    """Return the media type that is written, and its content: JSON if there is a choice, else the first."""
    media = next((one for one in content if media_type(one).endswith("json")), next(iter(content)))
    return media, content[media]
