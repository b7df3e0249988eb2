"""Reads the calls of a declared platform from the wire, by the declaration's places.

The judge uses the mock's own knowledge only to acquit: an id in an answer that a fault spoiled was still issued.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from contextlib import suppress
from typing import Any, NamedTuple, Self

from contracts.history import Call, SendEffect, outcome
from contracts.protocol.trace import FOREVER, TraceExchange
from mockserver import journal
from mockserver.platform.message import HttpMessage, dig
from mockserver.platform.model import Kind, Operation, Platform
from mockserver.platform.places import reader

DEATHS = ("unknown", "foreign", "ended", "evicted", "spent", "succeeded", "idle", "expired")
"""Causes of a refusal after which an id is of no more use."""


def operation_of(platform: Platform, message: HttpMessage) -> Operation | None:
    """Return the operation that a request calls. Path parameters are put into the message."""
    found = platform.route(message.path, message.method)
    if found is None:
        return None
    route, message.params = found
    several = route.operations.get(message.method, ())
    return next((one for one in several if one.answers_to(message)), None)


def closing(platform: Platform, kind: Kind) -> Set[str]:
    """Return the operations by which a client only gives one back: those that end it, and do no unit's work.

    A client may give back what is over already.
    """
    return kind.ended - {told.get("by") for told in platform.effects.values()}


class Signals(NamedTuple):
    """Answers by status and code: `dead` ones, by kind, and `harmless` ones, which say nothing of the ids shown.

    `asking` are the statuses that ask a client to wait.
    """

    dead: Mapping[str, Set[tuple[int | None, Any]]]
    harmless: Set[tuple[int | None, Any]]
    asking: Set[int]

    @classmethod
    def of(cls, platform: Platform) -> Self:
        """Return those of a platform."""
        dead = {kind.name: dead_signals(kind) for kind in platform.kinds.values()}
        harmless = {(row.status, row.code) for row in platform.refused.values() if row.harmless}
        return cls(dead, harmless, asking(platform))


def asking(platform: Platform) -> Set[int]:
    """Return the statuses that ask a client to wait: 429, the one beyond a rate, and errors declared to have Retry-After."""
    rows = platform.refused.items()
    told = {row.status for name, row in rows if name == "rate" or any(one.lower() == "retry-after" for one, _ in row.headers)}
    return {429, *told}


def read_call(platform: Platform, exchange: TraceExchange, signals: Signals) -> Call:
    """Return a call as its client could know it."""
    request = exchange.request
    operation = operation_of(platform, request)
    name = "" if operation is None else operation.name
    answer = HttpMessage(headers=exchange.answer_headers, body=exchange.answer_body)
    call = Call(exchange.number, _arrival(exchange), exchange.left, exchange.left_at, name or None, status=exchange.status)
    call.answer = _answer(exchange)
    if exchange.returned < FOREVER:
        call.returned, call.returned_at = exchange.returned, exchange.returned_at
    for kind in platform.kinds.values():
        if name in kind.carried:
            (call.ended if name in closing(platform, kind) else call.shown).update(_id(kind.name, kind.carried[name](request)))
        place = kind.issued.get(name, kind.always)
        if call.status is not None and place is not None and (call.status < 400 or kind.always is not None):
            call.brought |= _id(kind.name, reader(place)(answer))
    if (told := exchange.journalled) is not None:
        name, call.operation, call.brought = told.operation or "", told.operation, told.brought
        ends = {kind: id for kind, id in told.shown.items() if name in closing(platform, platform.kinds[kind])}
        call.ended, call.shown = ends, {kind: id for kind, id in told.shown.items() if kind not in ends}
    for brought in call.brought:
        call.lasts |= _lasts(platform.kinds[brought], answer)
    code = None if call.status is None else code_of(platform, answer)
    shown = [platform.kinds[one] for one in (*call.shown, *call.ended)]
    call.effect = SendEffect.NONE if exchange.unsent else outcome(call, below=400)
    call.effects = _effects(shown, call, code, signals)
    call.retry_after = _seconds(answer.header("retry-after")) if call.status in signals.asking else None
    return call


def _arrival(exchange: TraceExchange) -> journal.Arrival:
    shown, id = journal.ShownCredential("none"), str(exchange.number)
    return journal.Arrival(exchange.number, exchange.left_at, id, exchange.method, exchange.path, None, shown)


def _answer(exchange: TraceExchange) -> journal.Answer:
    spoiled = exchange.spoiled
    fault, id = exchange.fault if spoiled else None, str(exchange.number)
    told: dict[str, Any] = {"accepted": exchange.accepted, "fault": fault, "unusable": spoiled}
    return journal.Answer(exchange.number, exchange.returned_at, id, exchange.status, "", **told)


def _id(kind: str, value: Any) -> dict[str, str]:
    return {kind: str(value)} if isinstance(value, str | int) and value != "" else {}


def _lasts(kind: Kind, answer: HttpMessage) -> Mapping[str, float]:
    place = kind.told_at
    if place is None:
        return {}
    seconds = reader(place)(answer)
    with suppress(OverflowError):
        return {kind.name: float(seconds)} if isinstance(seconds, int | float) else {}
    return {}


def code_of(platform: Platform, answer: HttpMessage) -> Any:
    """Return the code of an error in an answer's body, None without one."""
    for path in platform.code_paths:
        found = dig(answer.json, path) if path else None
        if found is not None:
            return found
    return None


def _effects(kinds: list[Kind], call: Call, code: Any, signals: Signals) -> dict[str, SendEffect]:
    """Return the answer's word about each id shown. If a refusal may be about several of them, it kills none."""
    answer = (call.status, code)
    if answer in signals.harmless:
        return {kind.name: SendEffect.NONE for kind in kinds}
    found = {kind.name: SendEffect.DEAD if answer in signals.dead[kind.name] else _effect(kind, call) for kind in kinds}
    dead = [name for name, effect in found.items() if effect is SendEffect.DEAD]
    return found | dict.fromkeys(dead, SendEffect.NONE) if len(dead) > 1 else found


def _effect(kind: Kind, call: Call) -> SendEffect:
    """Return the answer's word about an id that it does not say to be dead."""
    is_seen = call.status is not None and call.status < 500  # more may come from something before the platform
    return SendEffect.CONSUMED if kind.seen_is_spent and is_seen else call.effect or SendEffect.NONE


def dead_signals(kind: Kind) -> frozenset[tuple[int | None, Any]]:
    """Return the answers, by status and code, that mean an id of this kind is of no more use."""
    rows = [row for cause, row in kind.refused.items() if cause in DEATHS]
    return frozenset((row.status, row.code) for row in rows)


def _seconds(text: str | None) -> int | None:
    """Return the wait that a Retry-After header asks for, in seconds; None if it has another form or is missing."""
    with suppress(ValueError):
        return int(text) if text is not None and text.strip().isdecimal() else None
    return None
