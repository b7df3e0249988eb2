"""Translates steps to requests of the platform and calls of the control API, with gaps for saved values.

The runner fills the gaps as it goes; each exporter writes them as variables of its language.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import singledispatch
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET

from contracts.report.exports.controls import AN_INSTANT, DOES, SCOPES
from contracts.scenario import Advance
from contracts.stories.model import (
    CLIENT,
    GRANT,
    SAVES,
    AnyStory,
    Call,
    Create,
    CreateClient,
    Expected,
    ExpireSession,
    Fault,
    Request,
    RevokeSession,
    Send,
    SetPolicy,
    SetScopes,
    Story,
    Token,
    World,
    fault_fields,
)
from contracts.stories.names import Kind, literal, reference
from mockserver.engine.model import MESSAGES, SESSIONS, TOKENS, Policy
from mockserver.journal import SESSION_ID
from mockserver.platform.places import Place
from mockserver.settings import policy_to
from mockserver.wire.bodies import FORM, JSON


class Gap(NamedTuple):
    """A gap for a saved value: a token, a session, a client's id, or its secret or another value that is bound to it."""

    name: str
    what: str


class Coded(NamedTuple):
    """A text with gaps that is written in base64url, once they are filled."""

    text: tuple[str | Gap, ...]


Text = tuple[str | Gap | Coded, ...]
"""A text with gaps."""


class BasicAuth(NamedTuple):
    """Client id and secret for HTTP Basic."""

    id: Text
    secret: Text


class PlannedExchange(NamedTuple):
    """A request. `address` is path and query, percent-encoded. `saves` has the place of the answer that fills each gap.

    `headers` are others than Authorization and Content-Type.
    """

    method: str
    address: Text
    authorization: BasicAuth | Text | None
    content_type: str | None
    body: Text
    fill: int
    times: int
    expected: Expected
    saves: Mapping[Gap, Place] = {}
    headers: Mapping[str, Text] = {}


class Change(NamedTuple):
    """A call of the control API, below the organisation's own path. A member of `body` may be a gap.

    `saves` has the way to the member of the answer that fills each gap.
    """

    method: str
    path: Text
    body: Mapping[str, Any]
    saves: Mapping[Gap, tuple[str, ...]] = {}


class Planned(NamedTuple):
    """A step, and what is sent for it."""

    step: Any
    sent: PlannedExchange | Change


@singledispatch
def planned(story: Any) -> Iterator[Planned]:
    """Yield the steps of a story with what is sent for each, in order."""
    raise NotImplementedError(type(story))


@planned.register
def _(story: Story) -> Iterator[Planned]:
    kinds: dict[str, Kind] = {CLIENT: "client"}
    for step in story.steps:
        yield Planned(step, exchange(step, kinds) if isinstance(step, Call) else change(step))
        if isinstance(step, Token | Create | CreateClient) and step.save is not None:
            kinds[step.save] = SAVES[type(step)]


def whole_policy(story: AnyStory) -> dict[str, Any]:
    """Return the story's policy with all defaults, so that the server's own policy does not matter."""
    return {**policy_to(Policy()), **story.policy}


# -- requests --------------------------------------------------------------------------------------------------------


def exchange(step: Call, kinds: Mapping[str, Kind]) -> PlannedExchange:
    """Return the request of a step. `kinds` are those of the names saved before it."""
    match step:
        case Token():
            secret = literal(step.secret) if step.secret is not None else None
            saves = _saved(step.save, "token", "access_token")
            return _post(
                step, TOKENS, _basic(step.client, secret), FORM, (urlencode(GRANT if step.form is None else step.form),), saves
            )
        case Create():
            body = () if step.guest is None else _json({"guest": msgspec.to_builtins(step.guest)})
            saves = _saved(step.save, "session", SESSION_ID)
            return _post(step, SESSIONS, _bearer(step.token), JSON, body, saves)
        case Send():
            body = tuple(joined((f'{{"{SESSION_ID}":', *_json(step.session), f',"text":{json.dumps(step.text)}}}')))
            return _post(step, MESSAGES, _bearer(step.token), JSON, body)
        case Request():
            raw: Text = () if step.text is UNSET else (step.text,)
            return PlannedExchange(
                step.method,
                (address(step.path),),
                _authorization(step.authorization, kinds),
                step.content_type,
                raw if step.json is UNSET else _json(step.json, kinds),
                step.fill,
                step.times,
                step.expect,
            )


def _post(
    step: Call,
    path: str,
    authorization: BasicAuth | Text | None,
    content_type: str,
    body: Text,
    saves: Mapping[Gap, Place] | None = None,
) -> PlannedExchange:
    return PlannedExchange("POST", (path,), authorization, content_type, body, 0, step.times, step.expect, saves or {})


def _saved(name: str | None, what: str, member: str) -> dict[Gap, Place]:
    return {Gap(name, what): Place("response", "body", "", f"/{member}")} if name else {}


def address(path: str) -> str:
    """Percent-encode a path with its query, whatever characters they have."""
    path, _, query = path.partition("?")
    return quote(path) + (f"?{quote(query, safe='=&[]:+%')}" if query else "")


def _basic(client: str, secret: str | None = None) -> BasicAuth:
    name = reference(client)
    if name is None:
        return BasicAuth((literal(client),), (secret or "",))
    return BasicAuth((Gap(name, "id"),), (Gap(name, "secret"),) if secret is None else (secret,))


def _bearer(token: str | None) -> Text | None:
    """Return the header for a token. For an empty token it is the word alone, because spaces at its end are not transmitted."""
    if token is None:
        return None
    name = reference(token)
    return (f"Bearer {literal(token)}".rstrip(" "),) if name is None else ("Bearer ", Gap(name, "token"))


def _authorization(shown: str | None, kinds: Mapping[str, Kind]) -> BasicAuth | Text | None:
    name = reference(shown) if shown is not None else None
    if name is not None and shown is not None:
        return _basic(shown) if kinds[name] == "client" else _bearer(shown)
    return None if shown is None else (literal(shown),)


def _json(value: Any, kinds: Mapping[str, Kind] | None = None) -> tuple[str | Gap, ...]:
    """Return a JSON value in ASCII. A text that refers to a saved value is a gap: a session, unless `kinds` say otherwise."""
    return tuple(joined(pieces(value, kinds or {})))


def pieces(value: Any, kinds: Mapping[str, Kind] | None = None) -> Iterator[str | Gap]:
    """Yield a JSON value in pieces. A Gap in it is a text; so is one that refers to a saved value, if `kinds` are given."""
    if isinstance(value, Gap):
        yield from ('"', value, '"')
        return
    name = reference(value) if isinstance(value, str) and kinds is not None else None
    if name is not None and kinds is not None:
        yield from ('"', Gap(name, "token" if kinds.get(name) == "token" else "session"), '"')
    elif isinstance(value, dict):
        for place, (key, member) in enumerate(value.items()):
            yield f"{',' if place else '{'}{json.dumps(key)}:"
            yield from pieces(member, kinds)
        yield "}" if value else "{}"
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield "," if place else "["
            yield from pieces(item, kinds)
        yield "]" if value else "[]"
    else:
        yield json.dumps(literal(value) if isinstance(value, str) and kinds is not None else value)


def joined(pieces: Iterable[Any]) -> Iterator[Any]:
    """Join neighbouring texts."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        if text:
            yield text
        yield piece
        text = ""
    if text:
        yield text


# -- changes ---------------------------------------------------------------------------------------------------------


def change(step: World) -> Change:
    """Return the call of the control API for a step."""
    what = str(step.__struct_config__.tag)
    match step:
        case Advance(seconds):
            return Change("POST", ("/clock/advance",), {"seconds": seconds})
        case Fault():
            quick = {"seconds": AN_INSTANT} if step.kind == "latency" else {}
            return Change("POST", ("/faults",), {**fault_fields(step), **quick})
        case SetPolicy(policy=policy):
            return Change("PATCH", ("/policy",), policy)
        case SetScopes(client=client, scopes=scopes):
            return Change("PATCH", _client_path(client), {"scopes": list(scopes)})
        case CreateClient(save=save, scopes=granted):
            made = {Gap(save, what): (f"client_{what}",) for what in ("id", "secret")}
            return Change(
                "POST", ("/clients",), {"name": save} if granted is None else {"name": save, "scopes": list(granted)}, made
            )
        case ExpireSession(session=session) | RevokeSession(session=session):
            verb = "expire" if what == "expire_session" else "revoke"
            return Change("POST", ("/sessions/", _part(session, "session"), f"/{verb}"), {})
        case _ if what in SCOPES:
            return Change("PATCH", _client_path(f"${CLIENT}"), {"scopes": SCOPES[what]})
        case _:
            address, body = DOES[what]
            return Change("POST", (address,), body)


def _client_path(client: str) -> Text:
    return ("/clients/", _part(client, "id"))


def _part(text: str, what: Literal["session", "id"]) -> str | Gap:
    name = reference(text)
    return quote(literal(text), safe="") if name is None else Gap(name, what)
