"""A decoder that reads and validates a body in one pass, made from its schema, and whose yes can be believed.

It knows objects of required strings with bounded lengths, which is what the platform's requests are. What it does not take (a
body that is wrong, that has members beyond the schema's, or could repeat a name or hold a NUL) is left to the reference
validator, which words the refusal; a property test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

NO_NUL = "^[^\\u0000]*$"
"""The one pattern it knows, as the document spells it; a NUL can only come into a JSON string as an escape."""

_HIDDEN = re.compile(rb"\\u00[0-7]")
"""Escapes of ASCII: a NUL, or a letter of a name that is spelled another way to stand there twice."""

QuickDecoder = Callable[[bytes], Any]
"""Gives the decoded body as a Struct with a field for each member, or None where it would rather not say."""


def decoder(schema: dict[str, Any], definitions: dict[str, Any], optional: frozenset[str] = frozenset()) -> QuickDecoder:
    """The decoder for an object `schema`. Members named in `optional` are required here all the same: absent, it says None."""
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
