"""Validation against the schemas of `openapi/platform.yaml`, the only place with the shapes of bodies.

A fast decoder made from a schema accepts valid bodies. jsonschema checks the rest and words the error. A limit that the policy
sets (`x-dayfly-policy`) is left to the engine, which knows the policy.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from mockserver import openapi
from mockserver.wire.quick import QuickDecoder, decoder

SCHEMAS = {"create": "CreateSessionRequest", "send": "SendMessageRequest"}
"""The schema of each operation whose body is JSON."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"
POLICY_BOUND = "x-dayfly-policy"

LONGEST_MESSAGE = 300


@cache
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = _unbounded(openapi.document()["components"]["schemas"])
    return definitions


def _unbounded(node: Any) -> Any:
    if isinstance(node, dict):
        bounded = POLICY_BOUND in node
        return {key: _unbounded(value) for key, value in node.items() if not (bounded and key == "maxLength")}
    return [_unbounded(item) for item in node] if isinstance(node, list) else node


def schema(operation: str) -> dict[str, Any]:
    """Return the schema of an operation's body with everything it refers to, without the limits that the policy sets."""
    reference = f"#/components/schemas/{SCHEMAS[operation]}"
    return {"$schema": DIALECT, "$ref": reference, "components": {"schemas": _definitions()}}


@cache
def quick_decoder(operation: str) -> QuickDecoder:
    """Return a decoder that validates a body of the operation's usual shape, and returns None for all others."""
    body = _definitions()[SCHEMAS[operation]]
    usual = {**body, "type": "object"}
    return decoder(usual, _definitions(), frozenset({"guest"}))


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
