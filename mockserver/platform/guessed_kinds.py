"""Guesses kinds from the operations of an OpenAPI document, each with the reason for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mockserver.platform.outline import FoundOperation, referred

SHORT_LIVED = {"token", "ticket", "nonce", "crumb", "session", "cursor", "challenge", "lease", "lock", "upload", "grant"}
"""Words for ids that seldom live long."""

IDS = {*SHORT_LIVED, "id", "uuid", "guid", "code"}
"""Last words of names that look like those of ids."""

MOST_KINDS = 6
"""The most ids that are proposed beside those of security schemes: large documents hand on hundreds."""

LIFETIMES = {"expiresin", "expiresinseconds", "expiresafter", "lifetime", "maxage", "ttl", "validfor"}
"""Names under which an answer tells for how many seconds an id lives."""

LONGEST = 366 * 24 * 3600
"""The most seconds that are taken for a lifetime. More are a point in time, or milliseconds."""

TOKENS = ("access_token", "accessToken", "token", "id_token")
"""Names under which an answer brings a bearer token."""


class Guess(NamedTuple):
    """A proposed kind, and the reason for it."""

    name: str
    kind: dict[str, Any]
    why: str
    issued_at: str
    """The operation that issues it, as an error names the place; "" if there is none."""


def of_schemes(document: dict[str, Any], operations: list[FoundOperation]) -> list[Guess]:
    """Return a kind for each place at which requests must show the token or key of a security scheme."""
    shown: dict[str, tuple[str, list[FoundOperation]]] = {}
    for scheme, told in document.get("components", {}).get("securitySchemes", {}).items():
        place = _shown_at(referred(told, document))
        requiring = [one for one in operations if scheme in one.secured_by]
        if place is not None and requiring:
            _, known = shown.setdefault(place, (kind_name(scheme), []))
            known += [one for one in requiring if one not in known]
    return [_of_scheme(name, place, requiring, operations) for place, (name, requiring) in shown.items()]


def _of_scheme(name: str, place: str, requiring: list[FoundOperation], operations: list[FoundOperation]) -> Guess:
    kind: dict[str, Any] = {"noun": "token" if place.endswith("#bearer") else "key", "issued": "registered"}
    kind["carried"] = {", ".join(one.name for one in requiring): place}
    status = declared_status(requiring, 401, 403, 401)
    refused = {"missing, unknown, ended": refusal(status, "unauthorized", "Show one that is good.")}
    why = f"{len(requiring)} operations require the security scheme {name}"
    brought = [(one, word) for one in operations for word in TOKENS if word in one.answers and one not in requiring]
    if not brought or not place.endswith("#bearer"):
        return Guess(name, {**kind, "refused": refused, "duty": {"dead": "stop", "secret": True}}, why, "")
    issuing, word = min(brought, key=lambda pair: TOKENS.index(pair[1]))
    more = {
        "issued": {issuing.name: issuing.answers[word]},
        "ttl": _lasting(issuing, 3600),
        "refused": {"missing, unknown, ended, expired": refused["missing, unknown, ended"]},
        "duty": {"dead": "renew", "keep": True, "secret": True},
    }
    why = f"{why}, and {issuing.name} answers {word}"
    return Guess(name, {**kind, **more}, why, _place(issuing))


def _lasting(issuing: FoundOperation, seconds: int) -> Any:
    """Return for how long what an operation issues lives: as its answer tells it, else some seconds."""
    for name, place in issuing.answers.items():
        given = issuing.numbers.get(name)
        if _plain(name) in LIFETIMES and given is not None and place.startswith("$response.body") and given <= LONGEST:
            return {"seconds": given if given >= 1 else seconds, "told": place}
    return seconds


def declared_status(operations: Iterable[FoundOperation], *likely: int) -> int:
    """Return the first likely status that one of the operations declares as its answer; without one the last of all."""
    declared = {status for one in operations for status in one.statuses}
    return next((status for status in likely if str(status) in declared), likely[-1])


def _shown_at(scheme: Mapping[str, Any]) -> str | None:
    if scheme.get("type") == "apiKey":
        return f"$request.{scheme.get('in')}.{scheme.get('name')}"
    bearer = scheme.get("type") in {"oauth2", "openIdConnect"} or str(scheme.get("scheme", "")).lower() == "bearer"
    return "$request.header.Authorization#bearer" if bearer else None


def _place(operation: FoundOperation) -> str:
    return f"paths.{operation.path}.{operation.method}."


def handed_on(operations: list[FoundOperation]) -> list[Guess]:
    """Return a kind for each id that one operation answers and another asks for, at most `MOST_KINDS`."""
    asking: dict[str, list[tuple[FoundOperation, str]]] = {}
    for one in operations:
        for name, place in one.asks.items():
            asking.setdefault(_plain(name), []).append((one, place))
    found: dict[str, Guess] = {}
    taken: set[tuple[str, str]] = set()
    for issuing in operations:
        for name, place in issuing.answers.items():
            words = _words(name)
            asked = {word for one in (name, f"{_owner(issuing)}_{name}") for word in [_plain(one)]}
            if not words or words[-1] not in IDS or name in TOKENS or asked & {_plain(one) for one in issuing.asks}:
                continue
            if issuing.method not in {"post", "put"} and words[-1] not in SHORT_LIVED:
                continue
            using = {(one.name, at): one for word in asked for one, at in asking.get(word, ()) if one is not issuing}
            resource = "".join(words[:-1]) or _owner(issuing).lower()  # /carts/{cart} takes the id of what POST /carts makes
            has_own = words[-1] in SHORT_LIVED or resource in map(_plain, issuing.answers)  # {nonce} is the answer's `nonce`
            named_so = () if has_own else asking.get(resource, ())
            using |= {(one.name, at): one for one, at in named_so if at.startswith("$request.path.") and one is not issuing}
            using = {user: one for user, one in using.items() if user not in taken}
            if using:
                taken |= using.keys()
                called = _owner(issuing) if name.lower() == "id" and _owner(issuing) else name
                guess = _of_id(called, issuing, place, {user: using[user] for user in sorted(using)})
                found.setdefault(guess.name, guess)
    ranked = sorted(found, key=lambda name: (_words(name)[-1] not in SHORT_LIVED, -len(found[name].kind["carried"])))
    return [guess for name, guess in found.items() if name in ranked[:MOST_KINDS]]


def _of_id(called: str, issuing: FoundOperation, place: str, using: dict[tuple[str, str], FoundOperation]) -> Guess:
    users = dict(using.keys())
    kind = {
        "noun": " ".join(_words(called)),
        "issued": {issuing.name: place},
        "carried": users,
        "ttl": 300 if issuing.answers.keys() & {*TOKENS} else _lasting(issuing, 300),
        "refused": _refused(using.values()),
        "duty": {"dead": "renew"},
    }
    more = f" and {len(users) - 1} more ask" if len(users) > 1 else " asks"
    return Guess(kind_name(called), kind, f"{issuing.name} answers it, and {next(iter(users))}{more} for it", _place(issuing))


def _refused(using: Iterable[FoundOperation]) -> dict[str, Any]:
    """Return the answers to an id that is refused: 404 to one that never was, 410 to one that is over, if both are declared."""
    operations = list(using)
    unknown, over = declared_status(operations, 404, 410, 403, 404), declared_status(operations, 410, 404, 403, 404)
    none = refusal(unknown, "not_found", "There is none such.")
    if over == unknown:
        return {"unknown, ended, expired": none}
    return {"unknown": none, "ended, expired": refusal(over, "gone", "It is over.")}


def _owner(issuing: FoundOperation) -> str:
    """Return the name of the thing that an operation makes, taken from its path: a cart for /carts."""
    words = re.findall(r"\w+", re.sub(r"\{[^}]*\}", "", issuing.path))
    return words[-1].rstrip("s") if words else ""


def refusal(status: int, code: str, message: str) -> dict[str, Any]:
    """Return a row that answers a refusal."""
    return {"status": status, "code": code, "message": message}


def _words(text: str) -> list[str]:
    """Return the words of a name in lower case: upload and id for uploadId."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
    return re.findall(r"[a-z0-9]+", snake)


def _plain(name: str) -> str:
    return "".join(_words(name))


def kind_name(text: str) -> str:
    """Return a name that a kind or a unit may have."""
    name = "_".join(_words(text))
    return name if name[:1].isalpha() else f"kind_{name}"
