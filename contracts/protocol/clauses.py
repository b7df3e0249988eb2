"""The clauses: functions of a history and a kind. Their result says if the clause was exercised and how it was broken.

A clause accuses only if the client had to know. So a refusal that reached one unit of work binds that unit and those that begin
later. It does not bind a unit that runs beside it; see `History.knew`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from contracts.protocol.history import Call, History
from mockserver.platform.model import Kind

NEEDLESS = 2
"""The number of needless renewals that breaks A4. A single one may be a matter of start-up."""

TIMER = 50
"""Milliseconds by which a timer may be early on a real clock."""

SHORTEST = 8
"""The fewest characters of an id to look for in URLs. A shorter one may occur there by chance."""


class Breach(NamedTuple):
    """The way a clause was broken: a description, and the requests that show it."""

    message: str
    at: tuple[int, ...]


class Result(NamedTuple):
    """The result of a clause: if it was exercised, and how it was broken, if so."""

    exercised: bool
    breach: Breach | None = None


NOT_EXERCISED = Result(False)


def _showing(history: History, kind: Kind) -> list[Call]:
    """Return the calls that show one of a kind to use it, not to end it, in the order in which they left."""
    shown = (call for call in history.calls if kind.name in call.shown and call.operation not in kind.ended)
    return sorted(shown, key=lambda call: call.left)


def _renewals(history: History, kind: Kind) -> list[Call]:
    return [call for call in history.calls if call.operation in kind.renewed_by]


def _refusals(history: History, kind: Kind) -> list[Call]:
    """Return the calls whose answer said that the one they showed is dead."""
    return [call for call in history.calls if call.effects.get(kind.name) == "dead"]


# -- may it be used? -------------------------------------------------------------------------------------------------


def reused(history: History, kind: Kind) -> Result:
    """Judge S1: one that is used up, or being used up, is not shown again."""
    limit, exercised = kind.life.uses or 1, False
    calls = _showing(history, kind)
    for number, call in enumerate(calls):
        before = [other for other in calls[:number] if other.shown[kind.name] == call.shown[kind.name]]
        used = [other for other in before if other.returned <= call.left and other.effects[kind.name] in {"used", "unknown"}]
        away = [other for other in before if other.returned > call.left]
        exercised = exercised or any(other.effects[kind.name] in {"used", "unknown"} for other in calls[:number])
        if len(used) + len(away) >= limit:
            first = (used or away)[0]
            how = "was shown again after a call had used it" if used else "was shown while another call with it was on its way"
            if used and used[0].effects[kind.name] == "unknown":
                how = "was shown again after a call that may have used it"
            return Result(True, Breach(f"{kind.a} {how}", (first.number, call.number)))
    return Result(exercised)


def predecessor(history: History, kind: Kind) -> Result:
    """Judge N2: once its successor has come, or is on its way, the old one is not shown again."""
    calls, exercised = _showing(history, kind), False
    for number, call in enumerate(calls):
        id = call.shown[kind.name]
        before = [other for other in calls[:number] if other.shown[kind.name] == id and other.operation in kind.issued]
        replaced = [other for other in before if other.returned <= call.left and other.brought.get(kind.name) not in {None, id}]
        away = [other for other in before if other.returned > call.left and call.operation in kind.issued]
        exercised = exercised or any(kind.name in other.brought for other in calls[:number])
        if replaced:
            return Result(True, Breach(f"{kind.a} was shown after its successor had come", (replaced[0].number, call.number)))
        if away and not kind.life.grace and not kind.life.endless_grace:
            what = f"{kind.a} was shown while a call that replaces it was on its way"
            return Result(True, Breach(what, (away[0].number, call.number)))
    return Result(exercised)


def invented(history: History, kind: Kind) -> Result:
    """Judge S4: every id shown was issued."""
    if not history.whole:
        return NOT_EXERCISED
    issued = {call.brought[kind.name] for call in history.calls if kind.name in call.brought}
    issued |= {id for name, id in history.known if name == kind.name}
    issued |= {id for call in history.calls for name, id in call.exchange.issued.items() if name == kind.name}
    for call in _showing(history, kind):
        if call.shown[kind.name] not in issued:
            return Result(True, Breach(f"{kind.a} was shown that the platform never issued", (call.number,)))
    return Result(bool(_showing(history, kind)))


# -- what follows a refusal ------------------------------------------------------------------------------------------


def dead_shown(history: History, kind: Kind) -> Result:
    """Judge R1: after an answer has said that one is dead, it is not shown again. To end it once more does no harm."""
    exercised = False
    for told in _refusals(history, kind):
        for call in _showing(history, kind):
            if history.knew(told, call):
                exercised = True
                if call.shown[kind.name] == told.shown[kind.name]:
                    what = f"{kind.a} was shown again after a {told.status} had said that it is dead"
                    return Result(True, Breach(what, (told.number, call.number)))
    return Result(exercised)


def not_renewed(history: History, kind: Kind) -> Result:
    """Judge R2: after a refusal the client asks for another one, if it goes on."""
    exercised, going_on = False, {*kind.carried, *kind.renewed_by} - kind.ended
    for told in _refusals(history, kind):
        after = [call for call in history.calls if history.knew(told, call) and call.operation in going_on]
        if not after or kind.name in told.brought:
            continue
        exercised = True
        renewed = any(call.operation in kind.renewed_by for call in after)
        had_another = any(call.shown.get(kind.name, told.shown[kind.name]) != told.shown[kind.name] for call in after)
        brought = any(kind.name in call.brought and call.returned > told.returned for call in history.calls)
        if not renewed and not brought and not had_another:
            what = f"the client went on after a {told.status} for its {kind.noun}, and did not ask for another"
            return Result(True, Breach(what, (told.number, after[-1].number)))
    return Result(exercised)


def not_from_refusal(history: History, kind: Kind) -> Result:
    """Judge N1: if the refused call is made again, it shows the id that the refusal brought."""
    exercised = False
    for told in _refusals(history, kind):
        offered = told.brought.get(kind.name)
        again = _made_again(history, told)
        if offered is None or again is None:
            continue
        exercised = True
        if again.shown.get(kind.name) != offered:
            what = f"the call was made again, and not with the {kind.noun} that came with its refusal"
            return Result(True, Breach(what, (told.number, again.number)))
    return Result(exercised)


def _made_again(history: History, told: Call) -> Call | None:
    """Return the next call of the same operation in the same unit of work, if it was made because of the answer.

    Calls in between do not matter.
    """
    alike = [call for call in history.calls if call.operation == told.operation and call.unit is told.unit]
    later = [call for call in alike if told.returned <= call.left]
    again = min(later, key=lambda call: call.left, default=None)
    return again if again is not None and history.knew(told, again) else None


# -- is it looked after? ---------------------------------------------------------------------------------------------


def renewed_for_ever(history: History, kind: Kind) -> Result:
    """Judge A2: if none of the new ones works, a unit of work gives up."""
    exercised = False
    for calls in _by_unit(history):
        renewals: list[Call] = []
        refused = False
        for call in calls:
            if call.operation in kind.renewed_by:
                renewals = [*renewals, call] if refused and not call.failed else renewals
                exercised, refused = exercised or bool(renewals), False
            elif call.effects.get(kind.name) == "dead":
                refused = True
            elif call.effects.get(kind.name) == "used":
                renewals, refused = [], False
            if len(renewals) > history.parameters.max_attempts:
                what = f"{kind.a} was renewed {len(renewals)} times, and none was good for anything"
                return Result(True, Breach(what, (renewals[0].number, renewals[-1].number)))
    return Result(exercised)


def stampede(history: History, kind: Kind) -> Result:
    """Judge A3: only one call at a time asks for a new one."""
    renewals = sorted(_renewals(history, kind), key=lambda call: call.left)
    for first, second in _pairs(renewals):
        if second.left < first.returned:
            what = f"{kind.a} was asked for while another call for one was on its way"
            return Result(True, Breach(what, (first.number, second.number)))
    return Result(bool(renewals) and any(not unit.alone for unit in history.units))


def wasted(history: History, kind: Kind) -> Result:
    """Judge A4: a good one is kept in use."""
    needless: list[Call] = []
    exercised = False
    bringing = [call for call in history.calls if kind.name in call.brought]
    for call in _renewals(history, kind):
        last = max((one for one in bringing if history.knew(one, call)), key=lambda one: one.returned, default=None)
        if last is None:
            continue
        exercised = True
        if _is_good(last, call, history, kind):
            needless.append(call)
        if len(needless) >= NEEDLESS:
            what = f"{kind.a} was fetched again and again while the last one was good"
            return Result(True, Breach(what, (last.number, call.number)))
    return Result(exercised)


def _is_good(last: Call, call: Call, history: History, kind: Kind) -> bool:
    """Return True if the one that `last` brought was good, as far as the client knew, when `call` asked for another."""
    id = last.brought[kind.name]
    if any(one.shown.get(kind.name) == id and one.left < call.left and _is_over(one, kind) for one in history.calls):
        return False
    declared = None if kind.life.ttl is None else kind.life.ttl / 1000
    seconds = last.lasts.get(kind.name, declared)
    idle = None if kind.life.idle is None else kind.life.idle / 1000
    ends = [1000 * one for one in (seconds, idle) if one is not None]
    margin = 1000 * history.parameters.token_margin  # of a short lifetime a tenth
    return all(call.exchange.left_at < last.exchange.returned_at + end - min(margin, end / 10) for end in ends)


def _is_over(call: Call, kind: Kind) -> bool:
    """Return True if a call gave the client a reason to discard the one it showed."""
    is_doubtful = call.status is None or call.effects.get(kind.name) in {"dead", "unknown"}
    return is_doubtful or call.operation in kind.ended or kind.life.uses is not None


def leaked(history: History, kind: Kind) -> Result:
    """Judge A5: a secret does not appear in a URL."""
    secrets = {call.brought[kind.name] for call in history.calls if kind.name in call.brought}
    secrets |= {id for name, id in history.known if name == kind.name}
    for call in history.calls:
        url = f"{call.exchange.path}?{call.exchange.query}"
        if any(len(id) >= SHORTEST and id in url for id in secrets):
            return Result(True, Breach(f"{kind.a} stood in a URL", (call.number,)))
    return Result(bool(secrets and history.calls))


# -- how often, and when? --------------------------------------------------------------------------------------------


def unbounded(history: History, _: None) -> Result:
    """Judge R4: a unit of work does not try one operation for ever."""
    exercised = False
    for calls in _by_unit(history):
        rows: dict[str | None, list[Call]] = {}
        for call in calls:
            row = rows.setdefault(call.operation, [])
            known = [other for other in row if other.returned <= call.left]
            if len(known) >= history.parameters.max_attempts:
                what = f"{call.operation} was called again after {len(known)} tries in a row that failed"
                return Result(True, Breach(what, (known[0].number, call.number)))
            if call.failed:
                exercised = True
                row.append(call)
            else:
                row.clear()
    return Result(exercised)


def too_early(history: History, _: None) -> Result:
    """Judge R5: the client waits as long as Retry-After asks before the next try.

    It asks with a 429, and with other errors for which the declaration has that header.
    """
    exercised, asking = False, {429}
    for answer in history.platform.refused.values():
        asking |= {answer.status for name, _ in answer.headers if name.lower() == "retry-after"}
    for calls in _by_unit(history):
        for number, told in enumerate(calls):
            if told.retry_after is None or told.status not in asking:
                continue
            following = next((call for call in calls[number + 1 :] if call.operation == told.operation), None)
            if following is None or not history.knew(told, following):
                continue
            exercised = True
            waited = following.exchange.left_at - told.exchange.returned_at
            if waited + (1 if history.sharp else TIMER) < 1000 * told.retry_after:
                what = f"{told.operation} was called {waited} ms after a {told.status} with Retry-After {told.retry_after:g}"
                return Result(True, Breach(what, (told.number, following.number)))
    return Result(exercised)


def _by_unit(history: History) -> Iterator[list[Call]]:
    """Yield the calls of each unit of work, in the order in which they left.

    Without units, all calls count as one unit if none of them overlap.
    """
    calls = sorted(history.calls, key=lambda call: call.left)
    if not history.units:
        if not any(second.left < first.returned for first, second in _pairs(calls)):
            yield calls
        return
    for unit in history.units:
        yield [call for call in calls if call.unit is unit]


def _pairs(calls: Sequence[Call]) -> Iterator[tuple[Call, Call]]:
    for number, first in enumerate(calls):
        for second in calls[number + 1 :]:
            yield first, second
