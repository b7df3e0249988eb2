"""Proposes a declaration for an OpenAPI document: guesses about its short-lived ids, which a person confirms.

There are two signs. A security scheme is a kind: its tokens or keys are shown by the operations that require it. A value that
one operation answers, and another asks for under the same name, is an id that the first operation issues. What the loader does
not accept is left out, so the proposal can be checked and served as it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mockserver.platform.compiled import compiled
from mockserver.platform.declaration import EFFECTS, LIFECYCLE, declared
from mockserver.platform.errors import DeclarationError
from mockserver.platform.guessed_kinds import Guess, declared_status, handed_on, kind_name, of_schemes, refusal
from mockserver.platform.outline import FoundOperation, operations_of
from mockserver.platform.overlay import read
from mockserver.platform.source import Source


class Proposal(NamedTuple):
    """Additions to a document: parts at the top, and words of operations, by path and method.

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
    none = "no security scheme, and no id, such as cartId or token, that one operation's answer has and another one asks for"
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
    operations = [one for one in operations_of(document, added) if one.path not in removed]
    found = [*of_schemes(document, operations), *handed_on(operations)]
    named = {one.name: one for one in reversed(found) if one.name not in without}
    guesses = [one for one in found if named.get(one.name) is one]
    if not guesses:
        return None
    kinds = {guess.name: guess.kind for guess in guesses}
    shapes = {} if "error" in document.get("components", {}).get("examples", {}) else {"error": {"value": _ERROR}}
    parts = {
        "components": {"examples": shapes},
        LIFECYCLE: _lifecycle(kinds, operations),
        EFFECTS: _effects(kinds, operations),
    }
    kept = {key: words for key, words in added.items() if key[0] not in removed}
    return Proposal(source, guesses, parts, kept, removed)


_ERROR = {"error": "{$answer.code}", "message": "{$answer.message}"}


def _lifecycle(kinds: dict[str, Any], operations: list[FoundOperation]) -> dict[str, Any]:
    none = refusal(404, "not_found", "There is nothing here.")
    refused = {"route": none, "method": none | {"status": 405}, "503": refusal(503, "try_later", "Try again later.")}
    bodies = any(place.startswith("$request.body") for one in operations for place in one.asks.values())
    if bodies:
        wrong = refusal(400, "bad_request", "{$detail}")
        body = wrong | {"status": declared_status(operations, 422, 400)}
        refused |= {"media": wrong | {"status": 415}, "size": wrong | {"status": 413}, "json": wrong, "body": body}
    return {"order": [*kinds, *(["body"] if bodies else [])], "kinds": kinds, "refused": refused}


def _effects(kinds: dict[str, Any], operations: list[FoundOperation]) -> dict[str, Any]:
    """Return a unit of work for the operation that shows the most kinds; at a tie prefer one that is not a GET."""
    carrying = [name for kind in kinds.values() for keys in kind["carried"] for name in keys.split(", ")]
    able = [one for one in operations if one.name in carrying]
    chosen_one = max(able, key=lambda one: (carrying.count(one.name), one.method != "get"))
    return {kind_name(chosen_one.name): {"by": chosen_one.name, "delivery": "any"}}
