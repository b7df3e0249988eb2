"""Validation against the schemas of `openapi/platform.yaml`, the only place where wire shapes are written.

A compiled validator may say yes; what it does not let pass, jsonschema judges and words. Where a property names the policy
value that bounds it (`x-dayfly-policy`), the bound is left to the engine, which knows the policy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mockserver import openapi

SCHEMAS = {"create": "CreateSessionRequest", "send": "SendMessageRequest", "token": "TokenRequest"}

DIALECT = "https://json-schema.org/draft/2020-12/schema"
POLICY_BOUND = "x-dayfly-policy"

LONGEST_MESSAGE = 300


def schema(name: str) -> dict[str, Any]:
    """The schema `name` of the document, with all it refers to, its policy-bound limits left out."""
    components = {"schemas": _unbounded(openapi.document()["components"]["schemas"])}
    return {"$schema": DIALECT, "$ref": f"#/components/schemas/{name}", "components": components}


def _unbounded(node: Any) -> Any:
    if isinstance(node, dict):
        bounded = POLICY_BOUND in node
        return {key: _unbounded(value) for key, value in node.items() if not (bounded and key == "maxLength")}
    return [_unbounded(item) for item in node] if isinstance(node, list) else node


@cache
def quick_check(operation: str) -> Callable[[Any], bool]:
    """A compiled check whose yes can be believed."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(schema(SCHEMAS[operation]), validate_formats=True).is_valid


@cache
def _reference(operation: str) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(
        schema(SCHEMAS[operation]), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def problem(operation: str, document: Any) -> str | None:
    """What is wrong with the document, the field named first; None where nothing is. Shortened: it may quote the document."""
    if quick_check(operation)(document):
        return None
    import jsonschema

    error = jsonschema.exceptions.best_match(_reference(operation).iter_errors(document))
    if error is None:
        return None
    return f"{field_of(error)}{_shortened(error.message)}"


def field_of(error: Any) -> str:
    """Where in the document the error is, as ``guest.name: ``; empty for the document itself."""
    return ".".join(str(part) for part in error.absolute_path) + ": " if error.absolute_path else ""


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 60] + " … " + message[-57:]
