"""A decoder that parses and validates a body in one pass, generated from its schema. What it accepts is valid.

It supports objects of required strings with limited lengths, which is what the platform's requests are. It rejects bodies that
are invalid, have members beyond the schema's, or might repeat a name or contain a NUL. The reference validator then checks
these and words the error. A property test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

NO_NUL = "^[^\\u0000]*$"
"""The only supported pattern, as the document has it. A NUL can occur in a JSON string only as an escape."""

_HIDDEN = re.compile(rb"\\u00[0-7]")
"""Escapes of ASCII: a NUL, or a character of a repeated name that is spelled differently."""

QuickDecoder = Callable[[bytes], Any]
"""Returns the decoded body as a Struct with a field for each member, or None to leave it to the reference validator."""


def decoder(schema: dict[str, Any], definitions: dict[str, Any], optional: frozenset[str] = frozenset()) -> QuickDecoder:
    """Return the decoder for an object `schema`. It returns None if a member named in `optional` is absent."""
    names: list[bytes] = []
    kind = _type(schema, definitions, optional, names)
    decode = msgspec.json.Decoder(kind).decode
    quoted = tuple(b'"' + name + b'"' for name in names)

    def read(body: bytes) -> Any:
        try:
            document = decode(body)
        except (ValueError, RecursionError):
            return None
        for name in quoted:
            if body.count(name) != 1:
                return None
        return None if b"\\u00" in body and _HIDDEN.search(body) else document

    return read


def _type(schema: dict[str, Any], definitions: dict[str, Any], optional: frozenset[str], names: list[bytes]) -> Any:
    if "$ref" in schema:
        return _type(definitions[schema["$ref"].rpartition("/")[2]], definitions, optional, names)
    if schema["type"] == "string":
        return _string(schema)
    assert set(schema["properties"]) <= {*schema.get("required", ()), *optional}, "a member that may be absent"
    fields = []
    for name, member in schema["properties"].items():
        names.append(name.encode())
        fields.append((name, _type(member, definitions, optional, names)))
    return msgspec.defstruct("Body", fields, forbid_unknown_fields=True, gc=False)


def _string(schema: dict[str, Any]) -> Any:
    assert schema.get("pattern", NO_NUL) == NO_NUL, "a pattern this decoder does not know"
    bounds = {"min_length": schema.get("minLength"), "max_length": schema.get("maxLength")}
    return Annotated[str, msgspec.Meta(**{name: bound for name, bound in bounds.items() if bound is not None})]
