"""Validation against the schemas of `openapi/platform.yaml`, the only place with the shapes of bodies.

A fast decoder made from a schema accepts valid bodies. jsonschema checks the rest and words the error. A limit that the policy
sets (`x-dayfly-policy`) is left to the engine, which knows the policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import msgspec

from mockserver import openapi
from mockserver.platform.quick import names_in, type_of

SCHEMAS = {"create": "CreateSessionRequest", "send": "SendMessageRequest"}
"""The schema of each operation whose body is JSON."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"
POLICY_BOUND = "x-dayfly-policy"

LONGEST_MESSAGE = 300

NO_NUL = "^[^\\u0000]*$"
"""The pattern of texts. A NUL can occur in a JSON string only as an escape."""

_HIDDEN = re.compile(rb"\\u00[0-7]")
"""Escapes of ASCII: a NUL, or a character of a repeated name that is spelled differently."""

QuickDecoder: TypeAlias = Callable[[bytes], Any]
"""Returns the decoded body as a Struct with a field for each member, or None to leave it to the reference validator."""


@cache
def _definitions() -> dict[str, Any]:
    schemas: dict[str, Any] = openapi.document()["components"]["schemas"]
    unbounded: dict[str, Any] = _without(schemas, lambda schema: {"maxLength"} if POLICY_BOUND in schema else set())
    return unbounded


def _without(node: Any, words: Callable[[dict[str, Any]], set[str]]) -> Any:
    """Return a schema without some words of the schemas in it."""
    if isinstance(node, dict):
        left_out = words(node)
        return {key: _without(value, words) for key, value in node.items() if key not in left_out}
    return [_without(item, words) for item in node] if isinstance(node, list) else node


def schema(operation: str) -> dict[str, Any]:
    """Return the schema of an operation's body with everything it refers to, without the limits that the policy sets."""
    reference = f"#/components/schemas/{SCHEMAS[operation]}"
    return {"$schema": DIALECT, "$ref": reference, "components": {"schemas": _definitions()}}


@cache
def quick_decoder(operation: str) -> QuickDecoder:
    """Return a decoder that validates a body of the operation's usual shape, and returns None for all others.

    Others are invalid, or have members beyond the schema's, or might repeat a name or contain a NUL.
    """
    known = _without(_definitions(), lambda schema: {"pattern"} if schema.get("pattern") == NO_NUL else set())
    body = known[SCHEMAS[operation]]
    kind = type_of({**body, "type": "object", "required": list(body["properties"])}, known, closed=True)
    decode = msgspec.json.Decoder(kind).decode
    names = tuple(f'"{name}"'.encode() for name in names_in(kind))

    def read(body: bytes) -> Any:
        try:
            document = decode(body)
        except (ValueError, RecursionError):
            return None
        for name in names:
            if body.count(name) != 1:
                return None
        return None if b"\\u00" in body and _HIDDEN.search(body) else document

    return read


@cache
def _reference(operation: str) -> Any:
    import jsonschema

    validator = jsonschema.Draft202012Validator
    return validator(schema(operation), format_checker=validator.FORMAT_CHECKER)


def problem(operation: str, document: Any) -> str | None:
    """Return the first problem of the document, beginning with the field, None if it is valid.

    It is shortened, because it may quote the document.
    """
    import jsonschema

    error = jsonschema.exceptions.best_match(_reference(operation).iter_errors(document))
    if error is None:
        return None
    return f"{field_of(error)}{_shortened(error.message)}"


def field_of(error: Any) -> str:
    """Return the path of the faulty or missing field, as ``guest.name: ``, or "" for the document itself."""
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        path += [name for name in error.validator_value if name not in error.instance][:1]
    return ".".join(path) + ": " if path else ""


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 60] + " … " + message[-57:]
