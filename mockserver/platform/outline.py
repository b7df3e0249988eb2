"""The operations of an OpenAPI document, read leniently: the names of the values in their requests and answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.platform.compiled import success
from mockserver.platform.declaration import METHODS
from mockserver.platform.message import dig
from mockserver.platform.references import steps_of
from mockserver.platform.samples import chosen, media_type


class FoundOperation(NamedTuple):
    """An operation of a document, with the names and places of the values in its requests and answers.

    `statuses` are those of its answers. `numbers` are the numbers in its answer, as an example or a default gives them, else 0.
    """

    name: str
    method: str
    path: str
    asks: dict[str, str]
    answers: dict[str, str]
    secured_by: list[str]
    statuses: frozenset[str]
    numbers: dict[str, float]


def operations_of(document: dict[str, Any], added: dict[tuple[str, str], dict[str, Any]]) -> Iterator[FoundOperation]:
    """Yield the operations. What a declaration needs and they lack is put into `added`."""
    for path, item in document["paths"].items():
        whole = referred(item, document)
        for method in METHODS:
            operation = whole.get(method)
            if not isinstance(operation, dict):
                continue
            lacking = {"operationId": _name(method, path), "responses": {"200": {"description": "Guessed."}}}
            lacking = {word: value for word, value in lacking.items() if not operation.get(word)}
            if lacking and whole is item:
                added[path, method] = lacking
            operation = {**lacking, **operation}
            answer = operation["responses"].get(success(map(str, operation["responses"])), {})
            yield FoundOperation(
                operation["operationId"],
                method,
                path,
                dict(_asked(operation, whole, document)),
                dict(_answered(answer, document)),
                _required(operation.get("security", document.get("security", ()))),
                frozenset(map(str, operation["responses"])),
                dict(_numbers(answer, document)),
            )


def _name(method: str, path: str) -> str:
    words = re.findall(r"\w+", path.replace("{", "by-"))
    return method + "".join(word[:1].upper() + word[1:] for word in words)


def _required(security: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the schemes that each request must show: those that all alternatives have."""
    alternatives = list(security)
    return [scheme for scheme in (alternatives or [{}])[0] if all(scheme in one for one in alternatives)]


def _asked(operation: dict[str, Any], item: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for parameter in [*item.get("parameters", ()), *operation.get("parameters", ())]:
        told = referred(parameter, document)
        if told.get("in") in {"path", "query", "header", "cookie"} and "name" in told:
            yield str(told["name"]), f"$request.{told['in']}.{told['name']}"
    content = referred(operation.get("requestBody") or {}, document).get("content")
    if content:
        media, told = chosen(content)
        plain = media_type(media)
        lens = "form/" if plain.endswith("urlencoded") else "/" if plain.endswith("json") else ""
        for name in _properties(referred(told, document).get("schema"), document) if lens else ():
            yield name, f"$request.body#{lens}{name}"


def _answered(response: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    told = referred(response, document)
    for name in told.get("headers", {}):
        yield str(name), f"$response.header.{name}"
    if told.get("content"):
        media, content = chosen(told["content"])
        for name in (
            _properties(referred(content, document).get("schema"), document) if media_type(media).endswith("json") else ()
        ):
            yield name, f"$response.body#/{name}"


def _numbers(response: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, float]]:
    content = referred(response, document).get("content")
    told = referred(chosen(content)[1], document) if content else {}
    example = referred(told.get("example"), document)
    for name, schema in _properties(told.get("schema"), document).items():
        one = referred(schema, document)
        value = example.get(name, one.get("example", one.get("default", 0)))
        if {"integer", "number"}.intersection([one.get("type")] if isinstance(one.get("type"), str) else one.get("type") or ()):
            yield name, value if type(value) in {int, float} else 0


def _properties(schema: Any, document: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return the schemas of properties whose names can stand in a place."""
    told = referred(schema, document)
    parts = [told.get("properties"), *(_properties(one, document, depth + 1) for one in told.get("allOf") or () if depth < 5)]
    named: dict[str, Any] = {}
    for part in parts:
        named = {**named, **part, **named} if isinstance(part, dict) else named
    return {name: one for name, one in named.items() if not set(name) & set("~/# ")}


def referred(part: Any, document: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return the object that a reference within the document leads to; an empty one if it leads nowhere."""
    reference = part.get("$ref") if isinstance(part, dict) else None
    if not isinstance(reference, str):
        return part if isinstance(part, dict) else {}
    return referred(dig(document, steps_of(reference)), document, depth + 1) if depth < 10 else {}
