"""A quick check of a body by a JSON Schema, whose type msgspec decodes. What it accepts is valid; it may refuse what is valid.

It supports the keywords that request bodies usually have. The reference validator decides about what it refuses, and words the
error. Property tests compare the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from keyword import iskeyword
from operator import or_
from types import NoneType
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from mockserver.platform.message import NOTHING, HttpMessage

Quick: TypeAlias = Callable[[HttpMessage], bool]

SILENT = {"title", "description", "default", "example", "examples", "deprecated", "format", "readOnly", "writeOnly", "$comment"}
"""Keywords that refuse nothing."""

_REFERENCE = "#/components/schemas/"
_LIMITS = {"minimum": "ge", "maximum": "le"}
_PLAIN: Mapping[str, tuple[Any, Mapping[str, str]]] = {
    "string": (str, {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"}),
    "integer": (int, _LIMITS),
    "number": (float, _LIMITS),
    "array": (list, {"minItems": "min_length", "maxItems": "max_length"}),
    "boolean": (bool, {}),
    "null": (NoneType, {}),
    "any": (Any, {}),
}
"""The types besides objects, and their keywords as msgspec calls them."""

_WORDS = {name: {*words} for name, (_, words) in _PLAIN.items()}
_WORDS |= {"object": {"properties", "required", "additionalProperties"}, "array": {"items", *_WORDS["array"]}}


def quick(schema: Any, definitions: Mapping[str, Any]) -> Quick | None:
    """Return the check, None if the schema has a keyword that it does not support. `definitions` is what it may refer to."""
    try:
        decode = msgspec.json.Decoder(type_of(schema, definitions, closed=True)).decode
        holder = msgspec.defstruct("Holder", [("value", type_of(schema, definitions))], gc=False)
        msgspec.json.Decoder(holder)
    except (LookupError, RecursionError, TypeError, ValueError):
        return None

    def check(message: HttpMessage) -> bool:
        try:
            decode(message.body)
        except (ValueError, RecursionError):
            return _converts(message.strict_json, holder)
        return True

    return check


def _converts(value: Any, holder: type[Struct]) -> bool:
    """Return True if the holder of a schema's type holds a value."""
    if value is NOTHING:
        return False
    try:
        msgspec.convert({"value": value}, holder)
    except (ValueError, RecursionError):
        return False
    return True


def type_of(schema: Any, definitions: Mapping[str, Any], *, closed: bool = False) -> Any:
    """Return the type of values that a schema accepts. If `closed`, objects have no members beside the declared ones.

    Such members are not decoded, and so not known to be JSON. Raises LookupError for a keyword that is not supported.
    """
    if schema is True:
        return Any
    given: dict[str, Any] = {"not": True} if schema is False else schema
    told: dict[str, Any] = {word: value for word, value in given.items() if word not in SILENT and word[:2] != "x-"}
    if "$ref" in told:
        (reference,) = told.values()
        return type_of(definitions[reference.removeprefix(_REFERENCE)], definitions, closed=closed)
    named = told.pop("type", None)
    if not told.keys().isdisjoint(("enum", "const")):
        return _literal(told, named)
    if named is None:
        named = next((name for name, words in _WORDS.items() if told.keys() & words), "any") if told else "any"
    names = [named] if isinstance(named, str) else named
    if strangers := told.keys() - set().union(*(_WORDS[name] for name in names)):
        raise KeyError(*strangers)
    return reduce(or_, (_kind(name, told, definitions, closed) for name in names))


def _kind(name: str, told: dict[str, Any], definitions: Mapping[str, Any], closed: bool) -> Any:
    if name == "object":
        return _object(told, definitions, closed)
    kind, words = _PLAIN[name]
    if name == "array":
        kind = list[type_of(told.get("items", True), definitions, closed=closed)]  # type: ignore[misc]
    bounds = {words[word]: told[word] for word in told.keys() & words}
    return Annotated[kind, Meta(**bounds)] if bounds else kind


def _literal(told: dict[str, Any], named: Any) -> Any:
    """Return the type of the texts among some constants."""
    (known,) = told.values()
    texts = [one for one in (known if "enum" in told else [known]) if isinstance(one, str)]
    if named not in {None, "string"} or not texts:
        raise KeyError(*told)
    return Literal[tuple(texts)]


def _object(told: dict[str, Any], definitions: Mapping[str, Any], closed: bool) -> Any:
    properties, more = told.get("properties", {}), told.get("additionalProperties", True)
    required = told.get("required", ())
    if not properties and not required and more is not False:
        return dict[str, type_of(more, definitions, closed=closed)]  # type: ignore[misc]
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    renamed = {}
    for name in dict.fromkeys((*required, *properties)):
        kind = type_of(properties.get(name, True), definitions, closed=closed)
        field = name if name.isidentifier() and not iskeyword(name) and name[0] != "_" else f"_{len(fields)}"
        fields.append((field, kind) if name in required else (field, kind | UnsetType, UNSET))
        renamed[field] = name
    return msgspec.defstruct("Body", fields, rename=renamed, forbid_unknown_fields=closed or more is not True, gc=False)


def names_in(kind: Any) -> Iterator[str]:
    """Yield the names of the members that objects of a type may have, at any depth."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        for field in msgspec.structs.fields(kind):
            yield field.encode_name
            yield from names_in(field.type)
    for part in get_args(kind):
        yield from names_in(part)
