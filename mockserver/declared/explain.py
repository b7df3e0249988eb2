"""Explains an answer: the guard that refused, its reason, the life of each credential shown, and advice.

It is read from the journal and the records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import UNSET

from mockserver.clock import iso
from mockserver.declared.entries import Recorded
from mockserver.declared.mock import Mock
from mockserver.engine import life
from mockserver.engine.model import NEVER, Credential
from mockserver.errors import NotFound
from mockserver.exchanges import Reader, exchange_of
from mockserver.explain.model import Asked, Explanation, Given, Guard, Verdict
from mockserver.platform.message import base64_json, dig
from mockserver.platform.model import Kind, Life, Platform

WHY = {
    "missing": "No {noun} was shown.",
    "unknown": "The {noun} {id} was never issued here, or has been forgotten.",
    "foreign": "The {noun} {id} was not issued for what was shown beside it.",
    "ended": "The {noun} {id} had been ended{at}.",
    "evicted": "The {noun} {id} had to go{at}: no more than {live} may live at once.",
    "spent": "The {noun} {id} is good for {uses}, and {last} had used it up.",
    "succeeded": "The {noun} {id} had been replaced{at} by the one that {last} brought.",
    "idle": "The {noun} {id} had not been used for {idle}. It was last used by {last}.",
    "expired": "The {noun} {id} had lived for its {ttl}. It was issued by {first}.",
}
"""Why a credential was refused."""

ADVICE = {
    "renew": "After this answer throw the {noun} away, get another by {renewed_by}, and repeat the call once.",
    "renew from refusal": "Repeat the call with the {noun} that this very answer brought.",
    "stop": "Nothing replaces {a}: stop, and report that a new one is needed.",
    "uses": "Get {a} right before each use, and forget it afterwards.",
    "alone": "If several calls are refused at once, let one renew it while the others wait.",
}
"""Advice for the client."""

OTHERS = {
    "scope": "The scope {detail} is missing.",
    "media": "The media type of the body is not {detail}.",
    "size": "The body is larger than {detail} bytes.",
    "json": "{detail}",
    "body": "The body is not right: {detail}.",
    "grantable": "A scope was asked for that the one who asks does not have.",
    "rate": "Too many requests were made in this minute; {detail} s are left of it.",
    "route": "No operation has this path.",
    "method": "The path takes other methods: {detail}.",
    "operation": "This call is declared to be refused.",
}
"""Why a guard refused that does not belong to a kind."""


def explain(mock: Mock, context_id: str) -> dict[str, Any]:
    """Return the explanation of a contextId as plain values. Raises NotFound."""
    entry = mock.find(context_id)
    platform, journal = mock.platform, mock.journal
    operation = platform.operations.get(entry.operation)
    guards = [] if operation is None else [_guard(name, entry, operation.guards) for name in operation.guards]
    return {
        "context_id": context_id,
        "request": f"{entry.method} {entry.path}",
        "operation": entry.operation or None,
        "at": iso(entry.arrived_at),
        "status": entry.status,
        "fault": entry.fault or None,
        "refused_by": entry.refused_by or None,
        "cause": entry.cause or None,
        "why": mock.secrets.hide(_why(mock, entry, journal)),
        "advice": [mock.secrets.hide(line) for line in _advice(platform, entry)],
        "guards": guards,
        "credentials": [_story(mock, kind, id, journal) for kind, id in {**entry.shown, **entry.issued}.items()],
    }


def explanation(mock: Mock, context_id: str) -> DeclaredExplanation:
    """Return the explanation of a contextId as the console shows it. Raises NotFound."""
    pair = next(
        (pair for pair in Reader(mock.store, mock.organization).forwards() if pair.arrival.context_id == context_id), None
    )
    if pair is None:
        raise NotFound("request", context_id, "the journal does not have it, or no longer")
    arrival, answer = pair
    story = explain(mock, context_id)
    exchange = exchange_of(pair, None)
    body = answer.body if answer is not None else None
    return DeclaredExplanation(
        context_id=context_id,
        organization=mock.organization,
        summary=story["why"],
        asked=Asked(
            method=arrival.method,
            path=arrival.path,
            operation=arrival.operation,
            at=exchange.at,
            time=iso(arrival.at),
            credential=arrival.credential,
            client_id=None,
            session=None,
            guest=None,
            text=None,
            body=arrival.text,
            traceparent=arrival.traceparent,
        ),
        answer=None
        if answer is None
        else Given(
            status=answer.status,
            reason=answer.reason,
            code=answer.code,
            message=body.get("message") if isinstance(body, dict) else None,
            accepted=answer.accepted,
            retry_after=answer.retry_after,
            fault=answer.fault,
            delivery=answer.delivery,
            duration=exchange.duration or 0.0,
            failure=None,
        ),
        guards=tuple(Guard(one["guard"], _VERDICTS[one["said"].partition(":")[0]]) for one in story["guards"]),
        session=None,
        accepted_if=None,
        missed=None,
        advice=tuple(story["advice"]),
        credentials=tuple(story["credentials"]),
    )


_VERDICTS: dict[str, Verdict] = {"passed": "passed", "refused": "refused", "not asked": "not reached"}


class DeclaredExplanation(Explanation, frozen=True, kw_only=True):
    """An explanation with the stories of the credentials that were shown or brought."""

    credentials: tuple[dict[str, Any], ...] = ()


def text(story: dict[str, Any]) -> str:
    """Return an explanation as text."""
    lines = [f"{story['request']}{' (' + story['operation'] + ')' if story['operation'] else ''} at {story['at']}"]
    lines.append(f"  answered {story['status'] if story['status'] is not None else 'not at all'}")
    if story["fault"]:
        lines.append(f"  an injected fault answered it: {story['fault']}")
    for guard in story["guards"]:
        lines.append(f"  {guard['guard']:<12} {guard['said']}")
    lines += ["", f"why: {story['why']}"]
    lines += [f"do:  {line}" for line in story["advice"]]
    for one in story["credentials"]:
        lines += ["", f"{one['noun']} {one['id']}: {one['state']}"]
        lines += [f"  {event}" for event in one["events"]]
    return "\n".join(lines) + "\n"


def _guard(name: str, entry: Recorded, guards: Sequence[str]) -> dict[str, str]:
    if not entry.acted:
        return {"guard": name, "said": "not asked"}
    if name == entry.refused_by:
        return {"guard": name, "said": f"refused: {entry.cause}"}
    passed = not entry.refused_by or entry.refused_by not in guards or guards.index(name) < guards.index(entry.refused_by)
    return {"guard": name, "said": "passed" if passed else "not asked"}


def _why(mock: Mock, entry: Recorded, journal: Sequence[Recorded]) -> str:
    if not entry.acted:
        done = "saw the request, and did not act" if entry.issued else "was not asked"
        return f"A fault was injected: {entry.fault}. The platform {done}."
    if not entry.refused_by:
        return "It was accepted."
    kind = mock.platform.kinds.get(entry.refused_by)
    if kind is None:
        return OTHERS.get(entry.cause, entry.cause).format(detail=entry.detail)
    row = kind.refused[entry.cause]
    if entry.cause == "missing" and not row.why:
        return WHY["missing"].format(noun=kind.noun) + _unreadable(kind, entry)
    return (row.why or WHY[entry.cause]).format_map(_words(mock, kind, entry, journal))


def _unreadable(kind: Kind, entry: Recorded) -> str:
    """Say why nothing can be read at the place of a credential in a body, if there is a body; "" if there is none."""
    body = entry.body
    for place in kind.places.get(entry.operation, ()):
        if place.part != "body" or place.lens.startswith("form/") or body is UNSET:
            continue
        if not isinstance(body, dict | list):
            return f" The body, which has to show it at {place}, is not JSON."
        member = place.lens[4:].partition("/")[0]
        if place.lens.startswith("jws.") and base64_json(dig(body, (member,))) is None:
            return f" The body, which has to show it at {place}, has no member {member} that is JSON in base64url."
    return ""


def _advice(platform: Platform, entry: Recorded) -> Iterator[str]:
    kind = platform.kinds.get(entry.refused_by)
    if kind is None:
        return
    words = {"noun": kind.noun, "a": kind.a, "renewed_by": _renewed_by(platform, kind)}
    row = kind.refused[entry.cause]
    if row.advice:
        yield row.advice.format_map(words)
        return
    if entry.cause != "missing" and kind.duty.get("dead"):
        yield ADVICE[kind.duty["dead"]].format_map(words)
    if entry.cause == "spent":
        yield ADVICE["uses"].format_map(words)
    if kind.duty.get("alone"):
        yield ADVICE["alone"].format_map(words)


def _words(mock: Mock, kind: Kind, entry: Recorded, journal: Sequence[Recorded]) -> dict[str, Any]:
    id = entry.shown.get(kind.name, "")
    before = [one for one in journal if one.number < entry.number]
    first = next((one for one in before if one.issued.get(kind.name) == id), None)
    uses = [one for one in before if one.shown.get(kind.name) == id and not one.refused_by]
    record = _record(mock, kind, id)
    end = life.end_of(record, mock.owner(record)) if record is not None else None
    length = kind.life
    return {
        "noun": kind.noun,
        "id": id,
        "at": f" at {iso(end.at)}" if end is not None and end.at < NEVER else "",
        "live": length.live,
        "uses": "one use" if length.uses == 1 else f"{length.uses} uses",
        "idle": _seconds(length.idle),
        "ttl": _seconds(length.ttl),
        "first": _named(first),
        "last": _named(uses[-1] if uses else first),
    }


def _record(mock: Mock, kind: Kind, id: str) -> Credential | None:
    return next((one for one in mock.credentials(kind.name) if mock.told_as(kind.name, one.id) == id), None)


def _story(mock: Mock, name: str, id: str, journal: Sequence[Recorded]) -> dict[str, Any]:
    """Return the life of one credential: its state now, and each request that brought it or showed it."""
    kind = mock.platform.kinds[name]
    record = _record(mock, kind, id)
    events = [
        f"{iso(one.arrived_at)} {'brought by' if one.issued.get(name) == id else 'shown to'} {_named(one)}: {_outcome(one)}"
        for one in journal
        if id in {one.issued.get(name), one.shown.get(name)}
    ]
    state = "not known here" if record is None else _state(mock, kind.life, record)
    return {"kind": name, "noun": kind.noun, "id": id, "state": state, "events": events}


def _state(mock: Mock, length: Life, record: Credential) -> str:
    cause = life.cause_at(record, mock.owner(record), mock.now())
    end = life.end_of(record, mock.owner(record))
    if cause:
        return f"{cause} since {iso(end.at)}"
    left = "" if record.left is None else f", {record.left} of {length.uses} uses left"
    return f"alive{left}" + (f", until {iso(end.at)} if nothing happens" if end.at < NEVER else "")


def _outcome(entry: Recorded) -> str:
    if entry.refused_by:
        return f"{entry.status}, {entry.refused_by} {entry.cause}"
    return str(entry.status) if entry.status is not None else entry.fault or "no answer"


def _named(entry: Recorded | None) -> str:
    return "something before this journal" if entry is None else f"request {entry.number} ({entry.operation})"


def _renewed_by(platform: Platform, kind: Kind) -> str:
    names = [" ".join(platform.operations[name].routes[0]) for name in kind.renewed_by]
    return " or ".join(dict.fromkeys(names)) or "other means"


def _seconds(milliseconds: int | None) -> str:
    return "for ever" if milliseconds is None else f"{milliseconds / 1000:g} s"
