"""Proposes a declaration for an OpenAPI document: what its short-lived ids may be, as guesses that a person confirms.

Two things are taken for a sign. A security scheme that is a bearer token, or a key in a header, is a kind, shown by the
operations that require it. A value that one operation's answer has, and another's request asks for under the same name, is an
id that the first operation issues.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from mockserver.platform.declaration import EFFECTS, LIFECYCLE, METHODS
from mockserver.platform.errors import DeclarationError
from mockserver.platform.source import Source, read

ID_LIKE = re.compile(r"(?i)(id|token|ticket|nonce|crumb|session|code|key|cursor)s?$")
"""Names of values that look like ids."""

GUESS = "guessed; confirm or delete"


class Found(NamedTuple):
    """An operation of a document, with what its requests and answers have: names and places."""

    name: str
    method: str
    path: str
    asks: dict[str, str]
    answers: dict[str, str]
    secured_by: list[str]
    status: str


def propose(path: str) -> str:
    """Return the document with `x-lifecycle` and `x-effects` added, as YAML. Raises DeclarationError."""
    source = read(path)
    document = source.document
    if LIFECYCLE in document:
        problem = f"has {LIFECYCLE} already; check it with `dayfly platform check`"
        raise DeclarationError(source.name, source.line((LIFECYCLE,)), LIFECYCLE, problem)
    if not isinstance(document.get("paths"), dict):
        raise DeclarationError(source.name, 1, "paths", "is missing; an OpenAPI document has its operations there")
    document["openapi"] = "3.1.1"
    operations = list(_operations(source))
    kinds = {**_schemes(document, operations), **_handed_on(operations)}
    if not kinds:
        problem = "no security scheme, and no id that one operation's answer has and another one asks for"
        raise DeclarationError(source.name, 1, "paths", f"nothing in it looks like a short-lived id: {problem}")
    document.setdefault("components", {}).setdefault("examples", {}).setdefault("error", {"value": _ERROR})
    document[LIFECYCLE] = _lifecycle(kinds, operations)
    document[EFFECTS] = _effects(kinds, operations)
    return _HEAD + yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


class _Plain(yaml.SafeDumper):
    """Writes what stands in two places twice: people edit one of them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the base class has it
        """Never write an alias."""
        return True


_ERROR = {"error": "{$answer.code}", "message": "{$answer.message}"}
_HEAD = f"""\
# The last two parts of this file, {LIFECYCLE} and {EFFECTS}, were {GUESS} each of their lines.
# Look above all at how long each kind lives (ttl, idle, uses), at `refused`, and at what a client owes (duty).
"""


def _operations(source: Source) -> Iterator[Found]:
    document = source.document
    for path, item in document["paths"].items():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                name = operation.setdefault("operationId", _name(method, path))
                operation.setdefault("responses", {"200": {"description": "Guessed."}})
                status, response = _success(operation)
                yield Found(
                    name,
                    method,
                    path,
                    dict(_asked(operation, item, document)),
                    dict(_answered(response, document)),
                    [scheme for one in operation.get("security", document.get("security", ())) for scheme in one],
                    status,
                )


def _name(method: str, path: str) -> str:
    words = re.findall(r"\w+", path.replace("{", "by_").replace("}", ""))
    return method + "".join(word[:1].upper() + word[1:] for word in words)


def _success(operation: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    responses = {str(status): response for status, response in operation["responses"].items()}
    status = next((one for one in responses if one.startswith("2")), next(iter(responses), "200"))
    return status, responses.get(status) or {}


def _asked(operation: dict[str, Any], item: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for parameter in [*item.get("parameters", ()), *operation.get("parameters", ())]:
        told = _referred(parameter, document)
        if told.get("in") in {"path", "query", "header", "cookie"} and "name" in told:
            yield str(told["name"]), f"$request.{told['in']}.{told['name']}"
    content = _referred(operation.get("requestBody") or {}, document).get("content", {})
    for media, told in content.items():
        lens = "form/" if media.endswith("urlencoded") else "/"
        for name in _properties(told.get("schema"), document):
            yield name, f"$request.body#{lens}{name}"


def _answered(response: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    told = _referred(response, document)
    for name in told.get("headers", {}):
        yield str(name), f"$response.header.{name}"
    for content in told.get("content", {}).values():
        for name in _properties(content.get("schema"), document):
            yield name, f"$response.body#/{name}"


def _properties(schema: Any, document: dict[str, Any]) -> list[str]:
    return list(_referred(schema or {}, document).get("properties", {}))


def _referred(part: Any, document: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """The object that a reference within the document leads to; an empty one if it leads nowhere."""
    reference = part.get("$ref") if isinstance(part, dict) else None
    if not isinstance(reference, str):
        return part if isinstance(part, dict) else {}
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return _referred(found, document, depth + 1) if depth < 10 else {}


# -- kinds -----------------------------------------------------------------------------------------------------------


def _schemes(document: dict[str, Any], operations: list[Found]) -> dict[str, dict[str, Any]]:
    """A kind for each security scheme that a request shows in a header."""
    kinds: dict[str, dict[str, Any]] = {}
    for scheme, told in document.get("components", {}).get("securitySchemes", {}).items():
        place = _shown_at(_referred(told, document))
        shown = [one.name for one in operations if scheme in one.secured_by]
        if place is None or not shown:
            continue
        issuing = next((one for one in operations if "access_token" in one.answers), None)
        kind = {"noun": "token", "issued": "registered" if issuing is None else {issuing.name: issuing.answers["access_token"]}}
        kinds[_kind_name(scheme)] = kind | {
            "carried": {", ".join(shown): place},
            "ttl": 3600,
            "refused": {"missing, unknown, ended, expired": _refusal(401, "unauthorized", "Show a token that is good.")},
            "duty": {"dead": "renew", "keep": True, "secret": True}
            if issuing is not None
            else {"dead": "stop", "secret": True},
        }
    return kinds


def _shown_at(scheme: Mapping[str, Any]) -> str | None:
    if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
        return f"$request.header.{scheme.get('name')}"
    bearer = scheme.get("type") in {"oauth2", "openIdConnect"} or str(scheme.get("scheme", "")).lower() == "bearer"
    return "$request.header.Authorization#bearer" if bearer else None


def _handed_on(operations: list[Found]) -> dict[str, dict[str, Any]]:
    """A kind for each id that one operation's answer has, and another operation asks for."""
    kinds: dict[str, dict[str, Any]] = {}
    for issuing in operations:
        for name, place in issuing.answers.items():
            users = {one.name: asked for one in operations for asked in _asks_for(one, name, issuing) if one is not issuing}
            if ID_LIKE.search(name) and users and name != "access_token":
                called = _owner(issuing) or name if name.lower() == "id" else name
                kinds.setdefault(
                    _kind_name(called),
                    {
                        "noun": _noun(called),
                        "issued": {issuing.name: place},
                        "carried": users,
                        "ttl": 300,
                        "refused": {"unknown, ended, expired": _refusal(404, "not_found", "There is none such.")},
                        "duty": {"dead": "renew"},
                    },
                )
    return kinds


def _asks_for(operation: Found, name: str, issuing: Found) -> Iterator[str]:
    """Where an operation asks for what is called so; a plain `id` is asked for by its owner's name too: /carts/{cartId}."""
    owner = _owner(issuing)
    names = {name.lower(), f"{owner}{name}".lower(), f"{owner}_{name}".lower()}
    for asked, place in operation.asks.items():
        if asked.lower() in names or asked.lower().replace("-", "") in names:
            yield place


def _owner(issuing: Found) -> str:
    """What an operation makes, by its path: a cart, if that is /carts."""
    words = re.findall(r"\w+", issuing.path.split("{")[0])
    return words[-1].rstrip("s") if words else ""


def _kind_name(text: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    name = re.sub(r"[^a-z0-9_-]+", "_", snake).strip("_")
    return name if name[:1].isalpha() else f"kind_{name}"


def _noun(text: str) -> str:
    return _kind_name(text).replace("_", " ")


def _refusal(status: int, code: str, message: str) -> dict[str, Any]:
    return {"status": status, "code": code, "message": message}


def _lifecycle(kinds: dict[str, Any], operations: list[Found]) -> dict[str, Any]:
    none = _refusal(404, "not_found", "There is nothing here.")
    refused = {"route": none, "method": none | {"status": 405}, "503": _refusal(503, "try_later", "Try again later.")}
    bodies = any(place.startswith("$request.body") for one in operations for place in one.asks.values())
    if bodies:
        wrong = _refusal(400, "bad_request", "{$detail}")
        refused |= {"media": wrong | {"status": 415}, "size": wrong | {"status": 413}, "json": wrong, "body": wrong}
    return {"order": [*kinds, *(["body"] if bodies else [])], "kinds": kinds, "refused": refused}


def _effects(kinds: dict[str, Any], operations: list[Found]) -> dict[str, Any]:
    """A unit of work for the operation that shows the most kinds, one that changes something if there is a choice."""
    carrying = [name for kind in kinds.values() for keys in kind["carried"] for name in keys.split(", ")]
    able = [one for one in operations if one.name in carrying]
    chosen = max(able, key=lambda one: (carrying.count(one.name), one.method != "get"))
    return {re.sub(r"\W", "_", _kind_name(chosen.name)): {"by": chosen.name, "delivery": "any"}}
