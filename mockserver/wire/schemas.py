"""Validation against the schemas of `openapi/platform.yaml`, the only place where wire shapes are written.

A decoder made from them may say yes; what it does not take, jsonschema judges and words. Where a property names the policy
value that bounds it (`x-dayfly-policy`), the bound is left to the engine, which knows the policy.
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
    """The schema of an operation's body, with all it refers to, its policy-bound limits left out."""
    reference = f"#/components/schemas/{SCHEMAS[operation]}"
    return {"$schema": DIALECT, "$ref": reference, "components": {"schemas": _definitions()}}


@cache
def quick_decoder(operation: str) -> QuickDecoder:
    """Reads and validates a body of the operation's usual shape; None for all others."""
    body = _definitions()[SCHEMAS[operation]]
    usual = {**body, "type": "object"}
    return decoder(usual, _definitions(), frozenset({"guest"}))


@cache
def _reference(operation: str) -> Any:
    import jsonschema

    validator = jsonschema.Draft202012Validator
    return validator(schema(operation), format_checker=validator.FORMAT_CHECKER)


def problem(operation: str, document: Any) -> str | None:
    """What is wrong with the document, the field named first; None where nothing is. Shortened: it may quote the document."""
    import jsonschema

    error = jsonschema.exceptions.best_match(_reference(operation).iter_errors(document))
    if error is None:
        return None
    return f"{field_of(error)}{_shortened(error.message)}"


def field_of(error: Any) -> str:
    """Where in the document the error is, as ``guest.name: ``, be it only that it is missing; empty for the document itself."""
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        path += [name for name in error.validator_value if name not in error.instance][:1]
    return ".".join(path) + ": " if path else ""


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 60] + " … " + message[-57:]
