"""Is another call of the same operation allowed: how often, and how soon?"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import partial
from itertools import takewhile
from operator import attrgetter

from contracts.clauses.words import at, noun_of, seconds, told
from contracts.history import Call, CallLeft, CallReturned, Group, JudgedIntent, Moment
from contracts.judge import EXERCISED, LOWER_BOUND, Breach, Case, Clause, Mark


def failed(call: Call) -> bool:
    """Return whether a call got 429, 5xx, no answer or an unusable 200."""
    return call.status is None or call.status == 429 or call.status >= 500 or call.unusable


def _over(unit: JudgedIntent | Group, operation: str | None, place: float) -> list[Call]:
    """Return the calls of an operation that were over at `place`, in the order of their answers."""
    calls = unit.over.get(operation, [])
    return calls[: bisect_left(calls, place, key=attrgetter("returned"))]


def _row(call: Call, place: float) -> list[Call]:
    """Return the failures of the call's operation right before it, back to the last success; the latest first.

    Token calls that belong to no intent are those of the client.
    """
    unit = call.intent or (call.group if call.operation == "token" else None)
    return [] if unit is None else list(takewhile(failed, reversed(_over(unit, call.operation, place))))


def messages_served(call: Call, before: Iterable[Call]) -> int:
    """Return for how many messages a call and those `before` it may have been made.

    That is the most messages that were open at any of these calls, because those that ended since had their share.
    """
    return 1 if call.intent is not None else max(1, call.open_intents, *(other.open_intents for other in before))


def is_certain(call: Call, case: Case) -> bool:
    """Return whether it is known for how many messages a call was made."""
    return call.intent is not None or not case.history.inferred


def mark_unbounded(moment: Moment, case: Case) -> Mark:
    """Judge R4."""
    match moment:
        case CallReturned(call) if (call.group is not None or call.intent is not None) and failed(call):
            return EXERCISED
        case CallLeft(call, place):
            row = _row(call, place)
            bound = case.parameters.max_attempts * messages_served(call, row)
            return _unbounded(call, row, case) if len(row) >= bound else None
    return None


def _unbounded(call: Call, row: list[Call], case: Case) -> Breach:
    """The breach is uncertain if messages are inferred: it is unknown how many of them shared the token calls."""
    message = f"{noun_of(call)} was made again after {len(row)} that had failed in a row"
    return Breach(message, (at("first failure", row[-1]), at("one try too many", call)), is_certain(call, case))


R4 = Clause(
    look=mark_unbounded,
    on=(CallLeft, CallReturned),
    own_time=True,
    needs_intents=True,
    closeness=lambda case: max((len(_row(call, call.left)) for call in case.history.calls), default=0),
    is_reaction=True,
    **told("R4"),
    trigger=lambda history: any(map(failed, history.calls)),
)


def _due(call: Call) -> int | None:
    """Return when the wait that an answer asked for is over, in milliseconds; None if it did not ask in whole seconds.

    The platform documents whole seconds only. A client that reads nothing else honours everything it was promised.
    """
    if call.retry_after is None or call.returned_at is None:
        return None
    return call.returned_at + 1000 * call.retry_after


def mark_retry_after(moment: Moment, case: Case) -> Mark:
    """Judge R5."""
    match moment:
        case CallReturned(call) if call.intent is not None and _due(call) is not None:
            return EXERCISED if case.history.goes_on(call, partial(_is_repeated, call)) else None
        case CallLeft(call) if call.intent is not None:
            return _too_early(call, case)
    return None


def _is_repeated(call: Call, later: Call) -> bool:
    """Return whether a later call repeats one within its unit of work."""
    return later.operation == call.operation and later.intent is call.intent


def _too_early(call: Call, case: Case) -> Breach | None:
    for refused in case.history.waits:
        due = _due(refused)
        if due is None or not _is_repeated(refused, call):
            continue
        if call.left_at + case.history.slack < due and case.history.knew(refused, call):
            waited = seconds(call.left_at - (refused.returned_at or 0))
            message = f"{noun_of(call)} left {waited} after a {refused.status} that said Retry-After {refused.retry_after}"
            return Breach(message, (at("asked to wait", refused), at("too early", call)))
    return None


R5 = Clause(
    look=mark_retry_after,
    on=(CallLeft, CallReturned),
    own_time=True,
    clocks=LOWER_BOUND,
    needs_intents=True,
    is_reaction=True,
    **told("R5"),
    trigger=lambda history: bool(history.waits),
)


def _asks_for_a_pause(call: Call) -> bool:
    """Return whether a call got a server error, or a 429 without a wait in whole seconds."""
    if call.status == 429:
        return call.answer is not None and (call.answer.retry_after is None or call.answer.retry_after_text is not None)
    return call.status is not None and call.status >= 500


def _mark_immediate(moment: Moment, case: Case) -> Mark:
    match moment:
        case CallReturned(call) if call.intent is not None and _asks_for_a_pause(call):
            return EXERCISED
        case CallLeft(call, place) if call.intent is not None:
            last = next(reversed(_over(call.intent, call.operation, place)), None)
            if last is None or not _asks_for_a_pause(last):
                return None
            waited = call.left_at - (last.returned_at or 0)
            if waited + case.history.slack < 1000 * case.parameters.min_pause:
                label = "server error" if last.status != 429 else "asked to wait"
                message = f"{noun_of(call)} was tried again {seconds(waited)} after a {last.status}"
                return Breach(message, (at(label, last), at("tried at once", call)))
    return None


R6 = Clause(
    look=_mark_immediate,
    on=(CallLeft, CallReturned),
    own_time=True,
    clocks=LOWER_BOUND,
    needs_intents=True,
    is_reaction=True,
    **told("R6"),
    trigger=lambda history: any(map(_asks_for_a_pause, history.calls)),
)
