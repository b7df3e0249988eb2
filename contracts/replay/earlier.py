"""The facts behind a recording of a declared platform: ids from before it began, and the faults behind its answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from contracts.history import Call
from contracts.protocol.history import DeclaredHistory
from contracts.protocol.trace import TraceExchange
from mockserver.declared.decide import bound_in
from mockserver.engine.model import Fault
from mockserver.platform.model import Kind, Platform


class Earlier(NamedTuple):
    """A credential from before the recording, which call `number` shows first. `taken` says what is assumed of it.

    It was issued `at` a time (None: never), and `ended` before its first use. `beside` are the ids shown beside it, by kind.
    """

    at: int | None
    kind: str
    id: str
    bound: dict[str, str]
    ended: bool
    number: int
    taken: str
    beside: dict[str, str]


def earlier(history: DeclaredHistory) -> Iterator[Earlier]:
    """Yield the credentials that are shown before they are issued."""
    noted = ((event.detail.get("kind"), event.detail.get("id")) for event in history.trace.events)
    known = {(kind, id) for kind, id in noted if isinstance(kind, str) and isinstance(id, str)}
    for call in history.calls:
        for name, id in (call.shown | call.ended).items():
            if (name, id) not in known:
                known.add((name, id))
                kind, first = history.platform.kinds[name], call
                if kind.registered:  # an accepted call shows what it is bound to
                    using = (one for one in history.calls if one.shown.get(name) == id)
                    first = next((one for one in using if not one.said_dead(name)), call)
                found = _earlier(history.exchange(first), first, kind, id)
                yield found if first is call or found.at is None else found._replace(at=history.exchange(call).left_at - 1)
        known |= set(call.brought.items())


def _earlier(exchange: TraceExchange, call: Call, kind: Kind, id: str) -> Earlier:
    is_dead, noun = call.said_dead(kind.name), kind.noun
    told = {cause for cause, answer in kind.refused.items() if is_dead and answer.status == call.status}
    causes = told & {"expired", "idle", "ended", "spent"}
    if exchange.journalled is not None and exchange.journalled.reason.startswith(f"{kind.name}."):
        causes &= {exchange.journalled.reason.removeprefix(f"{kind.name}.")}
    if is_dead and not causes:
        return Earlier(None, kind.name, id, {}, False, call.number, f"its {noun} is assumed to be invented", {})
    message = exchange.request
    bound = {one: value for one, value in zip(kind.bound, bound_in(kind, message), strict=True) if value}
    lived = max(kind.life.ttl or 0, kind.life.idle or 0) if {"expired", "idle"} & causes else 0
    state = "over" if is_dead else "alive"
    taken = "" if kind.registered else f"its {noun} is from before the recording; it is assumed to be {state}"
    return Earlier(
        exchange.left_at - lived - 1, kind.name, id, bound, is_dead and not lived, call.number, taken, dict(call.shown)
    )


def fault_of(platform: Platform, call: Call, exchange: TraceExchange) -> Fault | None:
    """Return the fault that explains an answer which is not the platform's own."""
    if call.operation is None:
        return None
    if call.status is None:
        return Fault(kind="lost_response" if exchange.accepted else "lost_request", operation=call.operation)
    is_limited = call.status == 429 and not any(platform.kinds[name].life.rate for name in call.shown)
    if call.status < 500 and not exchange.spoiled and not is_limited:
        return None
    wait, acted = call.retry_after, exchange.accepted
    return Fault(kind="status", operation=call.operation, status=call.status, retry_after=wait, after_acting=acted)
