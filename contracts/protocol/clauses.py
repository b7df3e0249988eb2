"""The clauses of declared platforms alone: each yields the marks of one kind of credential in a history.

A clause accuses only if the client had to know. So a refusal that reached one unit of work binds that unit and those that begin
later. It does not bind a unit that runs beside it; see `DeclaredHistory.knew`.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from contracts.clauses.words import at
from contracts.history import Call
from contracts.judge import EXERCISED, Breach, Exercised
from contracts.protocol.history import DeclaredHistory
from contracts.protocol.knowing import Knowing
from contracts.protocol.wire import closing
from mockserver.platform.model import Kind

Marks = Iterator[Exercised | Breach]

SHORTEST = 8
"""The fewest characters of an id to look for in URLs. A shorter one may occur there by chance."""


def predecessor(kind: Kind, history: DeclaredHistory) -> Marks:
    """Judge N2: once its successor has come, or is on its way, the old one is not shown again."""
    shows = [call for call in history.in_order if kind.name in call.shown]
    replaced = _replaced(kind, shows)
    flying: dict[str, deque[Call]] = defaultdict(deque)
    any_brought = False
    for call in shows:
        id, renews = call.shown[kind.name], call.operation in kind.issued
        away = flying[id]
        while away and away[0].was_over(call.left):
            away.popleft()
        if any_brought:
            yield EXERCISED
        if id in replaced and replaced[id].was_over(call.left):
            evidence = (at("replaced here", replaced[id]), at("old one shown", call))
            yield Breach(f"{kind.a} was shown after its successor had come", evidence)
        elif away and renews and not kind.life.grace and not kind.life.endless_grace:
            evidence = (at("replaced here", away[0]), at("old one shown", call))
            yield Breach(f"{kind.a} was shown while a call that replaces it was on its way", evidence)
        any_brought = any_brought or kind.name in call.brought
        if renews:
            away.append(call)


def _replaced(kind: Kind, shows: Sequence[Call]) -> dict[str, Call]:
    """Return the call that brought the first successor of each id."""
    renewals = (call for call in shows if call.operation in kind.issued)
    replacing = [call for call in renewals if call.brought.get(kind.name) not in {None, call.shown[kind.name]}]
    latest_first = sorted(replacing, key=lambda call: (call.back, call.left), reverse=True)
    return {call.shown[kind.name]: call for call in latest_first}


def not_renewed(kind: Kind, history: DeclaredHistory) -> Marks:
    """Judge R2: after a refusal the client asks for another one, if it goes on."""
    operations = {*kind.carried, *kind.renewed_by} - closing(history.platform, kind)
    moves = [call for call in history.in_order if call.operation in operations]
    shows = Knowing(history, (call for call in moves if _asks(kind, call) or kind.name in call.shown), partial(_shown, kind))
    going_on = Knowing(history, moves)
    last_brought = max((call.back for call in history.calls if kind.name in call.brought), default=0)
    for told in history.dead.get(kind.name, ()):
        last = None if kind.name in told.brought else going_on.last(told)
        if last is None:
            continue
        yield EXERCISED
        dead = told.shown.get(kind.name) or told.ended[kind.name]
        if last_brought < told.back and shows.last(told, dead) is None:
            what = f"the client went on after a {told.status} for its {kind.noun}, and did not ask for another"
            yield Breach(what, (at("said to be dead", told), at("went on", last)))


def _asks(kind: Kind, call: Call) -> bool:
    return call.operation in kind.renewed_by


def _shown(kind: Kind, call: Call) -> str | None:
    """Return the id that a call shows; None if it asks for one."""
    return None if _asks(kind, call) else call.shown[kind.name]


def not_from_refusal(kind: Kind, history: DeclaredHistory) -> Marks:
    """Judge N1: if the refused call is made again, it shows the id that the refusal brought."""
    for told in history.dead.get(kind.name, ()):
        offered, again = told.brought.get(kind.name), _made_again(history, told)
        if offered is None or again is None:
            continue
        yield EXERCISED
        if again.shown.get(kind.name) != offered:
            what = f"the call was made again, and not with the {kind.noun} that came with its refusal"
            yield Breach(what, (at("brought here", told), at("not used here", again)))


def _made_again(history: DeclaredHistory, told: Call) -> Call | None:
    """Return the next call of the same operation in the same unit of work, if it was made because of the answer.

    Calls in between do not matter.
    """
    alike = (call for call in history.calls if call.operation == told.operation and call.intent is told.intent)
    again = min((call for call in alike if told.was_over(call.left)), key=lambda call: call.left, default=None)
    return again if again is not None and history.knew(told, again) else None


# -- is it looked after? ---------------------------------------------------------------------------------------------


def stampede(kind: Kind, history: DeclaredHistory) -> Marks:
    """Judge A3: only one call at a time asks for a new one."""
    renewals = history.renewals[kind.name]
    if renewals and any(not unit.alone for unit in history.units):
        yield EXERCISED
    for nth, first in enumerate(renewals, 1):
        for second in islice(renewals, nth, None):
            if first.was_over(second.left):
                break
            what = f"{kind.a} was asked for while another call for one was on its way"
            yield Breach(what, (at("asked for here", first), at("and here at once", second)))


def leaked(kind: Kind, history: DeclaredHistory) -> Marks:
    """Judge A5: a secret does not appear in a URL."""
    known = history.credentials[kind.name].values()
    secrets = [one.id for one in known if one.created is not None or one.registered]
    by_beginning = defaultdict[str, list[str]](list)
    for id in secrets:
        by_beginning[id[:SHORTEST]].append(id)
    for call in history.calls:
        if history.exchange(call).journalled is not None:
            continue  # the journal has redacted it
        if secrets:
            yield EXERCISED
        url = f"{history.exchange(call).path}?{history.exchange(call).query}"
        beginnings = (url[place : place + SHORTEST] for place in range(len(url) - SHORTEST + 1))
        if any(id in url for beginning in beginnings for id in by_beginning.get(beginning, ())):
            yield Breach(f"{kind.a} stood in a URL", (at("in the URL", call),))
