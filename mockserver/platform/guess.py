"""Proposes a declaration for an OpenAPI document: guesses about its short-lived ids, which a person confirms.

There are two signs. A security scheme is a kind: its tokens or keys are shown by the operations that require it. A value that
one operation answers, and another asks for under the same name, is an id that the first operation issues. What the loader does
not accept is left out, so the proposal can be checked and served as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.platform.compiled import compiled, success
from mockserver.platform.declaration import EFFECTS, LIFECYCLE, METHODS, declared
from mockserver.platform.errors import DeclarationError
from mockserver.platform.message import dig
from mockserver.platform.overlay import read
from mockserver.platform.references import steps_of
from mockserver.platform.samples import chosen, media_type
from mockserver.platform.source import Source

SHORT_LIVED = {"token", "ticket", "nonce", "crumb", "session", "cursor", "challenge", "lease", "lock", "upload", "grant"}
"""Words for ids that seldom live long."""

IDS = {*SHORT_LIVED, "id", "uuid", "guid", "code"}
"""Last words of names that look like those of ids."""

MOST_KINDS = 6
"""The most ids that are proposed beside those of security schemes: large documents hand on hundreds."""

TOKENS = ("access_token", "accessToken", "token", "id_token")
"""Names under which an answer brings a bearer token."""


class Found(NamedTuple):
    """An operation of a document, with the names and places of the values in its requests and answers."""

    name: str
    method: str
    path: str
    asks: dict[str, str]
    answers: dict[str, str]
    secured_by: list[str]


class Guess(NamedTuple):
    """A proposed kind, and the reason for it."""

    name: str
    kind: dict[str, Any]
    why: str
    issued_at: str
    """The operation that issues it, as an error names the place; "" if there is none."""


class Proposal(NamedTuple):
    """What is to be added to a document: parts at the top, and words of operations, by path and method.

    `removed` are paths that cannot be served, with the reason.
    """

    source: Source
    guesses: list[Guess]
    parts: dict[str, Any]
    operations: dict[tuple[str, str], dict[str, Any]]
    removed: dict[str, str]

    @property
    def document(self) -> dict[str, Any]:
        """The document with the additions."""
        whole = {**self.source.document}
        components = {**whole.get("components", {})}
        components["examples"] = {**components.get("examples", {}), **self.parts["components"]["examples"]}
        paths = {path: item for path, item in whole["paths"].items() if path not in self.removed}
        for (path, method), words in self.operations.items():
            paths[path] = {**paths[path], method: {**paths[path][method], **words}}
        return {**whole, "paths": paths, **self.parts, "components": components}


def propose(path: str) -> Proposal:
    """Return what makes a declaration of an OpenAPI document. Raises DeclarationError."""
    source = read(path)
    document = source.document
    if LIFECYCLE in document:
        problem = f"has {LIFECYCLE} already; check it with `dayfly platform check`"
        raise DeclarationError(source.name, source.line((LIFECYCLE,)), LIFECYCLE, problem)
    if "swagger" in document:
        problem = f"is Swagger {document['swagger']}; convert it to OpenAPI 3 first"
        raise DeclarationError(source.name, source.line(("swagger",)), "swagger", problem)
    if not isinstance(document.get("paths"), dict):
        raise DeclarationError(source.name, 1, "paths", "is missing; an OpenAPI document has its operations there")
    kinds, removed = set[str](), dict[str, str]()
    while (proposal := _proposal(source, kinds, removed)) is not None:
        error = _refused(proposal)
        if error is None:
            return proposal
        guilty = _guilty(proposal, error)
        if isinstance(guilty, Guess):
            kinds.add(guilty.name)
        else:
            removed[guilty] = error.problem
    none = "no security scheme, and no id that one operation's answer has and another one asks for"
    raise DeclarationError(source.name, 1, "paths", f"nothing in it looks like a short-lived id: {none}")


def _refused(proposal: Proposal) -> DeclarationError | None:
    """Return the loader's error for a proposal, None if it accepts it."""
    try:
        compiled(declared(proposal.source._replace(document=proposal.document)), "")
    except DeclarationError as error:
        return error
    return None


def _guilty(proposal: Proposal, error: DeclarationError) -> Guess | str:
    """Return the guess that is to blame for an error, or else the path. Raises the error if it is neither."""
    for guess in proposal.guesses:
        if error.place.startswith((f"{LIFECYCLE}.kinds.{guess.name}.", guess.issued_at or "-")):
            return guess
    for path in proposal.document["paths"]:
        if error.place == f"paths.{path}" or error.place.startswith(f"paths.{path}."):
            return str(path)
    raise error


def _proposal(source: Source, without: set[str], removed: dict[str, str]) -> Proposal | None:
    """Return a proposal without some kinds and some paths; None if nothing is left to propose."""
    document, added = source.document, dict[tuple[str, str], dict[str, Any]]()
    operations = [one for one in _operations(document, added) if one.path not in removed]
    guesses = [one for one in [*_schemes(document, operations), *_handed_on(operations)] if one.name not in without]
    if not guesses:
        return None
    kinds = {guess.name: guess.kind for guess in reversed(guesses)}
    kinds = {guess.name: kinds[guess.name] for guess in guesses}
    shapes = {} if "error" in document.get("components", {}).get("examples", {}) else {"error": {"value": _ERROR}}
    parts = {
        "components": {"examples": shapes},
        LIFECYCLE: _lifecycle(kinds, operations),
        EFFECTS: _effects(kinds, operations),
    }
    kept = {key: words for key, words in added.items() if key[0] not in removed}
    return Proposal(source, guesses, parts, kept, removed)


_ERROR = {"error": "{$answer.code}", "message": "{$answer.message}"}


# -- the document ----------------------------------------------------------------------------------------------------


def _operations(document: dict[str, Any], added: dict[tuple[str, str], dict[str, Any]]) -> Iterator[Found]:
    """Yield the operations. What a declaration needs and they lack is put into `added`."""
    for path, item in document["paths"].items():
        whole = _referred(item, document)
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
            yield Found(
                operation["operationId"],
                method,
                path,
                dict(_asked(operation, whole, document)),
                dict(_answered(answer, document)),
                _required(operation.get("security", document.get("security", ()))),
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
        told = _referred(parameter, document)
        if told.get("in") in {"path", "query", "header", "cookie"} and "name" in told:
            yield str(told["name"]), f"$request.{told['in']}.{told['name']}"
    content = _referred(operation.get("requestBody") or {}, document).get("content")
    if content:
        media, told = chosen(content)
        plain = media_type(media)
        lens = "form/" if plain.endswith("urlencoded") else "/" if plain.endswith("json") else ""
        for name in _properties(told.get("schema"), document) if lens else ():
            yield name, f"$request.body#{lens}{name}"


def _answered(response: dict[str, Any], document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    told = _referred(response, document)
    for name in told.get("headers", {}):
        yield str(name), f"$response.header.{name}"
    if told.get("content"):
        media, content = chosen(told["content"])
        for name in _properties(content.get("schema"), document) if media_type(media).endswith("json") else ():
            yield name, f"$response.body#/{name}"


def _properties(schema: Any, document: dict[str, Any], depth: int = 0) -> list[str]:
    told = _referred(schema or {}, document)
    inner = [one for part in told.get("allOf", ()) if depth < 5 for one in _properties(part, document, depth + 1)]
    return [name for name in dict.fromkeys([*told.get("properties", {}), *inner]) if not set(name) & set("~/# ")]


def _referred(part: Any, document: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return the object that a reference within the document leads to; an empty one if it leads nowhere."""
    reference = part.get("$ref") if isinstance(part, dict) else None
    if not isinstance(reference, str):
        return part if isinstance(part, dict) else {}
    return _referred(dig(document, steps_of(reference)), document, depth + 1) if depth < 10 else {}


# -- kinds -----------------------------------------------------------------------------------------------------------


def _schemes(document: dict[str, Any], operations: list[Found]) -> list[Guess]:
    """Return a kind for each place at which requests must show the token or key of a security scheme."""
    shown: dict[str, tuple[str, list[Found]]] = {}
    for scheme, told in document.get("components", {}).get("securitySchemes", {}).items():
        place = _shown_at(_referred(told, document))
        requiring = [one for one in operations if scheme in one.secured_by]
        if place is not None and requiring:
            _, known = shown.setdefault(place, (_kind_name(scheme), []))
            known += [one for one in requiring if one not in known]
    return [_of_scheme(name, place, requiring, operations) for place, (name, requiring) in shown.items()]


def _of_scheme(name: str, place: str, requiring: list[Found], operations: list[Found]) -> Guess:
    kind: dict[str, Any] = {"noun": "token" if place.endswith("#bearer") else "key", "issued": "registered"}
    kind["carried"] = {", ".join(one.name for one in requiring): place}
    refused = {"missing, unknown, ended": _refusal(401, "unauthorized", "Show one that is good.")}
    why = f"{len(requiring)} operations require the security scheme {name}"
    brought = [(one, word) for one in operations for word in TOKENS if word in one.answers and one not in requiring]
    if not brought or not place.endswith("#bearer"):
        return Guess(name, {**kind, "refused": refused, "duty": {"dead": "stop", "secret": True}}, why, "")
    issuing, word = min(brought, key=lambda pair: TOKENS.index(pair[1]))
    lasting = issuing.answers.get("expires_in")
    told = {"seconds": 3600, "told": lasting} if lasting is not None and lasting.startswith("$response.body") else 3600
    more = {
        "issued": {issuing.name: issuing.answers[word]},
        "ttl": told,
        "refused": {"missing, unknown, ended, expired": refused["missing, unknown, ended"]},
        "duty": {"dead": "renew", "keep": True, "secret": True},
    }
    why = f"{why}, and {issuing.name} answers {word}"
    return Guess(name, {**kind, **more}, why, _place(issuing))


def _shown_at(scheme: Mapping[str, Any]) -> str | None:
    if scheme.get("type") == "apiKey":
        return f"$request.{scheme.get('in')}.{scheme.get('name')}"
    bearer = scheme.get("type") in {"oauth2", "openIdConnect"} or str(scheme.get("scheme", "")).lower() == "bearer"
    return "$request.header.Authorization#bearer" if bearer else None


def _place(operation: Found) -> str:
    return f"paths.{operation.path}.{operation.method}."


def _handed_on(operations: list[Found]) -> list[Guess]:
    """Return a kind for each id that one operation answers and another asks for, at most `MOST_KINDS`."""
    asking: dict[str, list[tuple[Found, str]]] = {}
    for one in operations:
        for name, place in one.asks.items():
            asking.setdefault(_plain(name), []).append((one, place))
    found: dict[str, Guess] = {}
    taken: set[tuple[str, str]] = set()
    for issuing in operations:
        for name, place in issuing.answers.items():
            words = _words(name)
            asked = {word for one in (name, _owned(issuing, name)) for word in [_plain(one)]}
            if not words or words[-1] not in IDS or name in TOKENS or asked & {_plain(one) for one in issuing.asks}:
                continue
            if issuing.method not in {"post", "put"} and words[-1] not in SHORT_LIVED:
                continue
            users = {(one.name, at) for word in asked for one, at in asking.get(word, ()) if one is not issuing}
            users -= taken
            if users:
                taken |= users
                called = _owner(issuing) if name.lower() == "id" and _owner(issuing) else name
                found.setdefault(_kind_name(called), _of_id(called, issuing, place, dict(sorted(users))))
    ranked = sorted(found, key=lambda name: (_words(name)[-1] not in SHORT_LIVED, -len(found[name].kind["carried"])))
    return [guess for name, guess in found.items() if name in ranked[:MOST_KINDS]]


def _of_id(called: str, issuing: Found, place: str, users: dict[str, str]) -> Guess:
    kind = {
        "noun": " ".join(_words(called)),
        "issued": {issuing.name: place},
        "carried": users,
        "ttl": 300,
        "refused": {"unknown, ended, expired": _refusal(404, "not_found", "There is none such.")},
        "duty": {"dead": "renew"},
    }
    more = f" and {len(users) - 1} more ask" if len(users) > 1 else " asks"
    return Guess(_kind_name(called), kind, f"{issuing.name} answers it, and {next(iter(users))}{more} for it", _place(issuing))


def _owned(issuing: Found, name: str) -> str:
    """Return a plain name with its owner's, as in /carts/{cartId}."""
    return f"{_owner(issuing)}_{name}"


def _owner(issuing: Found) -> str:
    """Return the name of the thing that an operation makes, taken from its path: a cart for /carts."""
    words = re.findall(r"\w+", re.sub(r"\{[^}]*\}", "", issuing.path))
    return words[-1].rstrip("s") if words else ""


def _words(text: str) -> list[str]:
    """Return the words of a name in lower case: upload and id for uploadId."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    return re.findall(r"[a-z0-9]+", snake)


def _plain(name: str) -> str:
    return "".join(_words(name))


def _kind_name(text: str) -> str:
    name = "_".join(_words(text))
    return name if name[:1].isalpha() else f"kind_{name}"


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
    """Return a unit of work for the operation that shows the most kinds; at a tie prefer one that is not a GET."""
    carrying = [name for kind in kinds.values() for keys in kind["carried"] for name in keys.split(", ")]
    able = [one for one in operations if one.name in carrying]
    chosen_one = max(able, key=lambda one: (carrying.count(one.name), one.method != "get"))
    return {_kind_name(chosen_one.name): {"by": chosen_one.name, "delivery": "any"}}
