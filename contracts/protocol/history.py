"""A run as its client could know it: each call with the ids it showed and brought, and the answer's word about them.

The judge reads the wire itself, by the declaration's places. It uses the mock's own knowledge only to acquit: an id in an
answer that a fault spoiled was still issued.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from contextlib import suppress
from typing import Any, Literal

from msgspec import Struct

from contracts.judge import DEFAULTS, Parameters
from contracts.protocol.trace import Exchange, Trace, UnitRun
from mockserver.platform.message import Message, dig
from mockserver.platform.model import Kind, Operation, Platform
from mockserver.platform.places import reader

Effect = Literal["used", "dead", "unknown", "none"]
"""An answer's word about an id that the call showed: used, dead, unknown (it may have been used) or none (nothing is said)."""

DEATHS = ("unknown", "foreign", "ended", "evicted", "spent", "succeeded", "idle", "expired")
"""Causes of a refusal after which an id is of no more use."""


class Call(Struct, eq=False, kw_only=True):
    """A request to one of the platform's operations, as its client saw it. `status` is None if no answer reached it."""

    exchange: Exchange
    operation: str | None
    unit: UnitRun | None
    status: int | None
    retry_after: float | None
    shown: dict[str, str]
    brought: dict[str, str]
    lasts: dict[str, float]
    """Seconds for which the ids it brought are good, if the answer says so."""
    effects: dict[str, Effect]

    @property
    def number(self) -> int:
        """The number of the request, from 1."""
        return self.exchange.number

    @property
    def left(self) -> float:
        """The place in the order of events at which the client let go of it."""
        return self.exchange.left

    @property
    def returned(self) -> float:
        """The place in the order of events at which its answer had come."""
        return self.exchange.returned

    @property
    def failed(self) -> bool:
        """True if it may be tried again unchanged: no answer, status 429, or an error of the server."""
        return self.status is None or self.status == 429 or self.status >= 500


class History(Struct, kw_only=True):
    """A run as a client saw it."""

    platform: Platform
    calls: list[Call]
    units: list[UnitRun]
    known: frozenset[tuple[str, str]]
    """Ids, with their kinds, that were issued without a sign on the client's side of the wire."""
    whole: bool
    sharp: bool
    parameters: Parameters

    def knew(self, told: Call, later: Call) -> bool:
        """Return True if the maker of the `later` call had to know of the answer to `told`.

        It had to if both belong to one unit of work, or if its unit began after the answer was noticed. A unit that was under
        way already may have fetched an id before, and a call outside of any unit cannot be attributed.
        """
        if told.returned > later.left or not told.exchange.heard:
            return False
        if not self.sharp and self._may_have_crossed(told, later):
            return False
        if told.unit is None and later.unit is None:
            return not any(told.left < unit.ended and unit.began < later.left for unit in self.units) or not self.units
        if later.unit is None:
            return False
        return later.unit is told.unit or later.unit.began >= self._noticed(told)

    def _noticed(self, told: Call) -> float:
        """Return the moment at which the client had surely noticed an answer: the unit that got it went on, or ended.

        The thread that has the answer may not have run yet when another thread begins a unit.
        """
        if told.unit is None:
            return told.returned
        went_on = (call.left for call in self.calls if call.unit is told.unit and call.left > told.returned)
        return min([told.unit.ended, *went_on])

    def _may_have_crossed(self, told: Call, later: Call) -> bool:
        """Return True if `later` may have left before the answer to `told` was there, as far as a clock tells.

        If they are close, it may. The exception is the same call made again, because the answer led to it.
        """
        if later.exchange.left_at - told.exchange.returned_at >= CLOSE:
            return False
        if later.unit is told.unit and later.operation != told.operation:
            return True
        return any(other is not told and other.left < told.returned and other.returned > told.left for other in self.calls)


CLOSE = 250
"""Milliseconds between an answer and a request within which a clock cannot tell for sure which came first."""


def history_of(platform: Platform, trace: Trace, parameters: Parameters = DEFAULTS) -> History:
    """Return a run as its client could know it."""
    calls = [_call(platform, exchange, trace.units) for exchange in trace.exchanges]
    known = {(kind, id) for kind, id in trace.registered.items()}
    known |= {(kind, id) for exchange in trace.exchanges for kind, id in exchange.issued.items() if exchange.spoiled}
    return History(
        platform=platform,
        calls=calls,
        units=trace.units,
        known=frozenset(known),
        whole=trace.whole,
        sharp=trace.sharp,
        parameters=parameters,
    )


def operation_of(platform: Platform, message: Message) -> Operation | None:
    """Return the operation that a request calls. Path parameters are put into the message."""
    found = platform.route(message.path, message.method)
    if found is None:
        return None
    route, message.params = found
    several = route.operations.get(message.method, ())
    return next((one for one in several if one.answers_to(message)), None)


def _call(platform: Platform, exchange: Exchange, units: list[UnitRun]) -> Call:
    request = Message(exchange.method, exchange.path, exchange.query, exchange.headers, exchange.body)
    operation = operation_of(platform, request)
    name = None if operation is None else operation.name
    status = exchange.status
    answer = Message(headers=exchange.answer_headers, body=exchange.answer_body)
    shown: dict[str, str] = {}
    brought: dict[str, str] = {}
    lasts: dict[str, float] = {}
    for kind in platform.kinds.values():
        if name is not None and name in kind.carried:
            shown |= _id(kind.name, kind.carried[name](request))
        place = kind.issued.get(name or "", kind.always)
        if status is not None and place is not None and (status < 400 or kind.always is not None):
            brought |= _id(kind.name, reader(place)(answer))
        if kind.name in brought:
            lasts |= _lasts(kind, answer)
    code = None if status is None else _code(platform, answer)
    harmless = {(row.status, row.code) for row in platform.refused.values() if row.harmless}
    effects = _effects([platform.kinds[one] for one in shown], exchange, code, harmless)
    return Call(
        exchange=exchange,
        operation=name,
        unit=_unit(exchange, units),
        status=status,
        retry_after=_seconds(answer.header("retry-after")),
        shown=shown,
        brought=brought,
        lasts=lasts,
        effects=effects,
    )


def _id(kind: str, value: Any) -> dict[str, str]:
    return {kind: str(value)} if isinstance(value, str | int) and value != "" else {}


def _lasts(kind: Kind, answer: Message) -> Mapping[str, float]:
    place = kind.told_at
    if place is None:
        return {}
    seconds = reader(place)(answer)
    return {kind.name: float(seconds)} if isinstance(seconds, int | float) else {}


def _code(platform: Platform, answer: Message) -> Any:
    for path in platform.code_paths:
        found = dig(answer.json, path) if path else None
        if found is not None:
            return found
    return None


def _effects(kinds: list[Kind], exchange: Exchange, code: Any, harmless: Set[tuple[int, Any]]) -> dict[str, Effect]:
    """Return the answer's word about each id shown. If a refusal may be about several of them, it kills none.

    An answer among the `harmless` promises that it says nothing of them.
    """
    if (exchange.status, code) in harmless:
        return {kind.name: "none" for kind in kinds}
    found = {kind.name: _effect(kind, exchange, code) for kind in kinds}
    dead = [name for name, effect in found.items() if effect == "dead"]
    return found | dict.fromkeys(dead, "none") if len(dead) > 1 else found


def _effect(kind: Kind, exchange: Exchange, code: Any) -> Effect:
    """Return the answer's word about an id, from its status and code."""
    status = exchange.status
    if status is None:
        return "none" if exchange.unsent else "unknown"
    if (status, code) in dead_signals(kind):
        return "dead"
    if status >= 500:  # it may come from something before the platform
        return "unknown"
    return "used" if kind.seen_is_spent or status < 400 else "none"


def dead_signals(kind: Kind) -> frozenset[tuple[int, Any]]:
    """Return the answers, by status and code, that mean an id of this kind is of no more use."""
    rows = [row for cause, row in kind.refused.items() if cause in DEATHS]
    return frozenset((row.status, row.code) for row in rows)


def _unit(exchange: Exchange, units: list[UnitRun]) -> UnitRun | None:
    """Return the unit that a call belongs to: the only one that ran when it left, else None."""
    under_way = [unit for unit in units if unit.began < exchange.left < unit.ended]
    return under_way[0] if len(under_way) == 1 else None


def _seconds(text: str | None) -> float | None:
    """Return the wait that a Retry-After header asks for, in seconds; None if it has another form or is missing."""
    with suppress(ValueError):
        return float(text) if text is not None and text.strip().isdecimal() else None
    return None
