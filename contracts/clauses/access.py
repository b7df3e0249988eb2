"""Does the client renew its token when it must, and only then, and does it keep it secret?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from contracts.clauses.excuses import first_dead, overtaken, tried_enough
from contracts.clauses.retries import failed, is_certain, messages_served
from contracts.clauses.words import at, name_of, noun_of, reported, told
from contracts.history import (
    Call,
    CallLeft,
    CallReturned,
    Group,
    IntentBegan,
    IntentEnded,
    JudgedIntent,
    Moment,
    SendEffect,
    WorldChanged,
)
from contracts.judge import EXERCISED, Breach, Case, Clause, Evidence, Mark, StatefulClause

SCHEDULED = 10_000
"""Milliseconds after which a renewal no longer counts as a reaction to a 401, but as a scheduled one."""


def is_good(kind: str, received: Call, place: float, now: int, case: Case) -> bool:
    """Return whether the id in `received` was still good, as far as the client knew: not over, not about to expire.

    A cautious client counts the lifetime from its request.
    """
    if kind not in received.brought or received.returned_at is None:
        return False
    seconds = case.history.good_for(kind, received, case.parameters.token_margin)
    latest = now + case.history.resolution - 1
    if seconds is not None and latest >= received.left_at + 1000 * seconds:
        return False
    return not case.history.is_over(kind, received.brought[kind], place)


def _mark_not_renewed(moment: Moment, case: Case) -> Mark:
    match moment:
        case CallReturned(call) if call.intent is not None and call.said_dead("token"):
            return EXERCISED
        case CallLeft(call, place) if call.intent is not None and call.operation != "token":
            refused = first_dead("token", call.intent.calls, place)
            if refused is not None and call.token is not None and call.token == refused.token:
                message = f"{noun_of(call)} showed a token again that a 401 had refused"
                return Breach(message, (at("token refused", refused), at("shown again", call)))
        case IntentEnded(intent, place) if intent.outcome != "accepted":
            calls = intent.possible
            refused = first_dead("token", calls, place)
            if refused is None or _asked_for_another(refused, intent, case):
                return None
            if tried_enough(calls, place, case) or overtaken(intent, place, case):
                return None
            return _not_asked(refused, intent)
    return None


def _asked_for_another(refused: Call, intent: JudgedIntent, case: Case) -> bool:
    """If intents overlap, any intent's renewal counts. If the client went on after its report, a later renewal counts too.

    A renewal in the background may have been made already: then the client shows another token after the refusal.
    """
    if any(call.token not in {None, refused.token} and refused.was_over(call.left) for call in intent.calls):
        return True
    renewals = case.history.logins if intent.late else [call for call in intent.group.calls if call.operation == "token"]
    if len(intent.group.intents) > 1 and any(call.received_token != refused.token for call in renewals):
        return True
    return any(not call.left < (refused.returned or 0) for call in renewals)


def _not_asked(refused: Call, intent: JudgedIntent) -> Breach:
    """A message that never ended is a matter for D6, because the client may have hung before it could renew."""
    ended = intent.outcome != "never"
    message = f"{name_of(intent)} {'was given up' if ended else 'never ended'} after a 401, and no new token was asked for"
    return Breach(message, (at("token refused", refused), *reported(intent)), certain=ended)


def _refusals(case: Case) -> float:
    return len(case.history.dead.get("token", ()))


A1 = Clause(
    look=_mark_not_renewed,
    on=(CallLeft, CallReturned, IntentEnded),
    own_time=True,
    needs_intents=True,
    needs_report="part",
    closeness=_refusals,
    is_reaction=True,
    **told("A1"),
    trigger=lambda history: "token" in history.dead,
)


class _Row(Struct, frozen=True):
    """The tokens that were taken after refusals: the first refusal, at the place `since`, and the last one.

    `is_open`: since the last refusal no answer was about something else.
    """

    refused: Call
    since: float
    is_open: bool = True
    renewals: tuple[Call, ...] = ()


_Rows: TypeAlias = Mapping[JudgedIntent | Group, _Row]

_NO_ROWS: _Rows = {}


def step_loop(kind: str, rows: _Rows, moment: Moment, case: Case) -> tuple[_Rows, Mark]:
    """Judge A2, for ids of any kind. A row ends when the operation that was refused last is accepted."""
    match moment:
        case CallReturned(call) if kind in call.brought and kind in case.history.renewing.get(call.operation, ()):
            unit = call.intent or call.group
            row = rows.get(unit) if unit is not None else None
            if unit is None or row is None or not row.is_open or call.left < row.since:
                return rows, None
            row = replace(row, renewals=(*row.renewals, call))
            return {**rows, unit: row}, _loop(kind, call, row.renewals, case)
        case CallReturned(call, place) if kind in call.effects and not failed(call):
            units = [unit for unit in (call.intent, call.group) if unit is not None]
            changed = {unit: _next_row(rows.get(unit), kind, call, place) for unit in units}
            return {unit: row for unit, row in {**rows, **changed}.items() if row is not None}, None
    return rows, None


def _next_row(row: _Row | None, kind: str, call: Call, place: float) -> _Row | None:
    """Return the row after a call that was refused, accepted, or answered otherwise; None if it is over."""
    if call.said_dead(kind):
        return _Row(call, place) if row is None else replace(row, refused=call, is_open=True)
    is_over = call.effects[kind] is SendEffect.CONSUMED and row is not None and row.refused.operation == call.operation
    return None if row is None or is_over else replace(row, is_open=False)


def _loop(kind: str, call: Call, renewals: Sequence[Call], case: Case) -> Mark:
    if len(renewals) <= case.parameters.max_attempts * messages_served(call, renewals):
        return EXERCISED
    evidence = (at("first renewal", renewals[0]), at("one too many", call))
    noun = case.history.credentials[kind][call.brought[kind]].noun
    return Breach(f"{len(renewals)} {noun}s were taken after refusals, and none was good", evidence, is_certain(call, case))


A2 = StatefulClause(
    start=_NO_ROWS,
    step=partial(step_loop, "token"),
    on=(CallReturned,),
    own_time=True,
    needs_intents=True,
    closeness=_refusals,
    **told("A2"),
    trigger=lambda history: bool(history.dead),
)


_Crowded: TypeAlias = Mapping[str, Call]
"""The first refusal of each token that the running client saw refused twice or more."""

_NOBODY: _Crowded = {}


class _Stampede(Struct, frozen=True):
    """The tokens that were refused twice or more, since the running client started at the place `since`."""

    since: float = -1
    crowded: _Crowded = _NOBODY


def _step_stampede(state: _Stampede, moment: Moment, case: Case) -> tuple[_Stampede, Mark]:
    match moment:
        case WorldChanged(entry, place) if entry.what == "restart_client":
            return _Stampede(place), None
        case IntentBegan(_, place) if case.parameters.one_shot:
            return _Stampede(place), None
        case CallReturned(call, place) if call.token is not None and call.said_dead("token"):
            if call.token in state.crowded:
                return state, None
            refusals = [
                other for other in case.history.shown_by(call, "token").dead if state.since < (other.returned or 0) <= place
            ]
            if len(refusals) < 2:
                return state, None
            return replace(state, crowded={**state.crowded, call.token: refusals[0]}), EXERCISED
        case CallLeft(call, place) if call.operation == "token":
            breaches = (_needless_renewal(call, place, refused, case) for refused in state.crowded.values())
            return state, next((breach for breach in breaches if breach is not None), None)
    return state, None


def _needless_renewal(call: Call, place: float, refused: Call, case: Case) -> Breach | None:
    """Return a breach if another renewal since the first refusal is under way, or has brought a token that is still good.

    A renewal does not count once all refused messages have ended, because it then has another reason.
    """
    refusals = case.history.shown_by(refused, "token").dead
    if not any(other.group is call.group and other.was_over(place) for other in refusals):
        return None
    if _renewed_by_schedule(call, [other for other in refusals if other.was_over(place)], case):
        return None
    since = refused.returned or 0
    renewals = [other for other in case.history.logins if since < other.left < place]
    received = [other for other in renewals if other.received_token is not None and other.was_over(place)]
    if received:
        last = max(received, key=lambda other: other.returned or 0)
        good = is_good("token", last, place, call.left_at, case)
        return _stampeded(refused, last, call, "another had been received", case) if good else None
    flying = next((other for other in renewals if not other.was_over(place)), None)
    return _stampeded(refused, flying, call, "another was on its way", case) if flying is not None else None


def _renewed_by_schedule(call: Call, refusals: list[Call], case: Case) -> bool:
    """Return whether the last 401 and the last token are so old that they cannot be the reason for this renewal."""
    received = [other.returned_at for other in case.history.logins if other.was_over(call.left)]
    last = max((at for at in [*received, *(other.returned_at for other in refusals)] if at is not None), default=call.left_at)
    return call.left_at - last > SCHEDULED


def _stampeded(refused: Call, renewal: Call, call: Call, state: str, case: Case) -> Breach:
    """The breach is uncertain if several clients may have been at work: the renewal may be that of another one."""
    reading = case.history.reading
    several = reading is not None and reading.interleaved is not None and reading.interleaved <= refused.left
    message = f"after a refusal a token was asked for while {state}"
    return Breach(message, (at("token refused", refused), at("asked for", renewal), at("asked for again", call)), not several)


A3 = StatefulClause(
    start=_Stampede(),
    step=_step_stampede,
    on=(CallLeft, CallReturned, IntentBegan, WorldChanged),
    own_time=True,
    closeness=_refusals,
    **told("A3"),
    trigger=lambda history: "token" in history.dead,
)


OWN_CLIENT = "each message has its own client, which cannot know another's token"

MOST_SHOWN = 10
"""The most needless tokens that are listed as evidence."""


class _Fetch(NamedTuple):
    """A call for another id, made for a unit of work, while the one that `last` had brought was good."""

    unit: object
    call: Call
    last: Call


class _Waste(Struct, frozen=True):
    """The needless fetches so far, at most one per message, and the place at which the running client started."""

    since: float = -1
    fetches: tuple[_Fetch, ...] = ()


def step_wasted(kind: str, waste: _Waste, moment: Moment, case: Case) -> tuple[_Waste, Mark]:
    """Judge A4, for ids of any kind. Calls of overlapping messages count as one message's."""
    match moment:
        case WorldChanged(entry, place) if entry.what == "restart_client":
            return replace(waste, since=place), None
        case IntentBegan(intent, place):
            last = next(case.history.brought_before(kind, place), None)
            return waste, EXERCISED if _is_kept(kind, last, place, intent.began_at, waste, case) else None
        case CallLeft(call, place) if kind in case.history.renewing.get(call.operation, ()):
            last = next((one for one in case.history.brought_before(kind, place) if case.history.knew(one, call)), None)
            unit = case.history.unit_of(call)
            is_needless = unit is not None and _is_kept(kind, last, place, call.left_at, waste, case)
            if last is None or not is_needless or any(unit is fetch.unit for fetch in waste.fetches):
                return waste, None
            now = replace(waste, fetches=(*waste.fetches, _Fetch(unit, call, last)))
            return now, _wasted(kind, now.fetches, case) if len(now.fetches) > 1 else EXERCISED
    return waste, None


def _is_kept(kind: str, last: Call | None, place: float, now: int, waste: _Waste, case: Case) -> bool:
    return last is not None and not last.was_over(waste.since) and is_good(kind, last, place, now, case)


def _wasted(kind: str, fetches: Sequence[_Fetch], case: Case) -> Breach:
    """A recording does not show restarts: a token that served several messages may belong to a client that was restarted."""
    last, reading = fetches[-1].last, case.history.reading
    noun = case.history.credentials[kind][last.brought[kind]].noun
    evidence: tuple[Evidence, ...] = tuple(at(f"needless {noun}", fetch.call) for fetch in fetches[-MOST_SHOWN:])
    message = f"{noun}s were fetched again and again while the last one was good"
    if reading is None:
        return Breach(message, evidence)
    served = (case.history.served.get(fetch.last.brought[kind], ()) for fetch in fetches)
    certain = reading.interleaved is None and all(len(messages) < 2 for messages in served)
    return Breach(f"{message} (if each message has a process of its own, add --one-shot)", evidence, certain)


A4 = StatefulClause(
    start=_Waste(),
    step=partial(step_wasted, "token"),
    on=(CallLeft, IntentBegan, WorldChanged),
    own_time=True,
    needs_intents=True,
    spared=lambda case: OWN_CLIENT if case.parameters.one_shot else "",
    **told("A4"),
)


def _mark_leaked(moment: Moment, _: Case) -> Mark:
    match moment:
        case CallLeft(call):
            leak = _leak(call)
            if leak:
                return Breach(leak, (at("leaked", call),), explains=_follows(call))
            return EXERCISED if call.arrival.credential.form in {"bearer", "basic"} else None
    return None


def _follows(call: Call) -> tuple[str, ...]:
    """The clauses a client also breaks if a call shows no token, because each such call gets a 401 that no retry fixes."""
    return ("A4", "D2") if call.arrival.credential.form in {"empty", "literal"} else ()


def _leak(call: Call) -> str:
    """Describe what is wrong with the credentials of a call; empty if nothing is."""
    shown = call.arrival.credential
    request = noun_of(call)
    if "url" in shown.seen_in:
        return f"{request} had a secret in its URL"
    if "body" in shown.seen_in and call.operation != "token":
        return f"{request} had a secret in its body"
    if "cookie" in shown.seen_in:
        return f"{request} had a secret in a cookie"
    header = next((place.removeprefix("header:") for place in shown.seen_in if place.startswith("header:")), "")
    if header:
        return f"{request} had a secret in its {header.title()} header"
    if shown.form == "empty":
        return f"{request} had an empty Authorization header"
    return f"{request} showed {shown.literal!r} where a token belongs" if shown.form == "literal" else ""


A5 = Clause(
    look=_mark_leaked,
    on=(CallLeft,),
    **told("A5"),
)
