"""Is another try allowed? A refusal forbids some calls after it, and demands others."""

from __future__ import annotations

from functools import partial

from contracts.clauses.excuses import first_dead, overtaken, tried_enough
from contracts.clauses.sessions import may_repeat, uses_before
from contracts.clauses.words import answer_to, at, name_of, noun_of, reported, told
from contracts.history import (
    REJECTS,
    Call,
    CallLeft,
    CallReturned,
    History,
    IntentEnded,
    JudgedIntent,
    Moment,
    SendEffect,
    WorldChanged,
)
from contracts.judge import EXERCISED, Breach, Case, Clause, Mark, StatefulClause


def mark_dead_retried(kind: str, moment: Moment, case: Case) -> Mark:
    """Judge R1, for ids of any kind."""
    match moment:
        case CallReturned(call) if call.said_dead(kind):
            return EXERCISED if case.history.goes_on(call, lambda later: kind in later.shown) else None
        case CallLeft(call, place) if kind in call.shown:
            return _dead_retry(kind, call, place, case)
    return None


def _dead_retry(kind: str, call: Call, place: float, case: Case) -> Breach | None:
    """If the id was used up as well, presenting it again is a reuse, which S1 reports. Here it is a doubt."""
    credential = case.history.shown_by(call, kind)
    refused = next((told for told in credential.dead if case.history.knew(told, call)), None)
    if refused is None:
        return None
    message = f"{credential.name} was presented again after a {refused.status} that showed it is dead"
    evidence = (at(f"dead {credential.noun} refused", refused), at("presented again", call))
    uses = uses_before(kind, call, place, case)
    if not uses:
        return Breach(message, evidence)
    if may_repeat(call, uses, place, case):
        return None
    ask = ": ask for S1 too" if case.asked.isdisjoint({"S1", f"S1/{kind}"}) else ""
    return Breach(f"{message}; it had been used up before, which is for S1 to judge{ask}", evidence, certain=False)


def _dead_sends(case: Case) -> float:
    return len(case.history.dead.get("session", ()))


def _any_dead(history: History) -> bool:
    return bool(history.dead)


R1 = Clause(
    look=partial(mark_dead_retried, "session"),
    on=(CallLeft, CallReturned),
    closeness=_dead_sends,
    is_reaction=True,
    **told("R1"),
    trigger=_any_dead,
)


def _mark_not_recovered(moment: Moment, case: Case) -> Mark:
    match moment:
        case CallLeft(call, place) if call.intent is not None:
            return _gone_on(call, call.intent, place)
        case IntentEnded(intent, place) if intent.outcome != "never":
            dead = first_dead("session", intent.calls, place)
            if dead is None:
                return None
            if _left_after(dead, intent, "create"):
                return EXERCISED
            if not _can_recover(dead, intent, place, case):
                return None
            message = f"no fresh session was created for {name_of(intent)} after a 403 for a dead one"
            return Breach(message, (at("dead session refused", dead), *reported(intent)))
    return None


def _gone_on(call: Call, intent: JudgedIntent, place: float) -> Breach | None:
    """Nothing is left to try after a second 403 that gives no reason."""
    if len(intent.opaque) < 2 or not intent.opaque[1].was_over(place):
        return None
    first, second = intent.opaque
    message = f"{noun_of(call)} followed a second 403 without a reason"
    return Breach(message, (at("first 403", first), at("second 403", second), at("went on", call)))


def _return_of(call: Call) -> float:
    return call.returned or 0


def _left_after(dead: Call, intent: JudgedIntent, operation: str) -> list[Call]:
    """Return the calls of an operation that the client made after it knew, including those that may be any message's."""
    return [call for call in intent.possible if call.operation == operation and call.left > _return_of(dead)]


def _can_recover(dead: Call, intent: JudgedIntent, place: float, case: Case) -> bool:
    """Return whether the client could still create: nothing else required it to stop, and nothing prevented the create."""
    sends = [call for call in intent.of("send") if call.was_over(place)]
    tried = sum(call.effect is not SendEffect.CONSUMED and _return_of(call) <= _return_of(dead) for call in sends)
    may_be_delivered = {SendEffect.CONSUMED} | ({SendEffect.UNKNOWN} if case.parameters.delivery == "at-most-once" else set())
    return (
        tried < case.parameters.min_attempts
        and not tried_enough(intent.possible, place, case)
        and not overtaken(intent, place, case)
        and not any(call.effect in may_be_delivered for call in sends)
        and not any(call.scope_refused for call in intent.calls)
        and not any(call.status != 200 or call.unusable for call in _left_after(dead, intent, "token"))
    )


R2 = Clause(
    look=_mark_not_recovered,
    on=(CallLeft, IntentEnded),
    own_time=True,
    needs_intents=True,
    needs_report="part",
    closeness=_dead_sends,
    is_reaction=True,
    **told("R2"),
    trigger=_any_dead,
)

GRANTS = frozenset({"grant_scope", "revoke_scope", "set_scopes", "set_policy"})
"""Perturbations that change the client's permissions. After one of them a new try is fair."""


def scope_refusal(intent: JudgedIntent, since: float, place: float) -> Call | None:
    """Return the first call of the intent that was refused for a missing scope between `since` and `place`, or None."""
    known = (call for call in intent.calls if call.scope_refused and call.was_over(place))
    return next((call for call in known if not call.was_over(since)), None)


def _step_scope(changed: float, moment: Moment, _: Case) -> tuple[float, Mark]:
    """The state is the place of the last change of permissions."""
    match moment:
        case WorldChanged(entry, place) if entry.what in GRANTS:
            return place, None
        case CallReturned(call) if call.scope_refused and call.intent is not None:
            return changed, EXERCISED
        case CallLeft(call, place) if call.intent is not None and call.operation in {"create", "send"}:
            refused = scope_refusal(call.intent, changed, place)
            if refused is not None:
                message = f"{noun_of(call)} followed a 403 for a missing scope"
                return changed, Breach(message, (at("scope refused", refused), at("tried again", call)))
        case IntentEnded(intent, place) if intent.outcome == "accepted":
            return changed, _scope_denied(intent, scope_refusal(intent, changed, place))
    return changed, None


def _scope_denied(intent: JudgedIntent, refused: Call | None) -> Mark:
    """A message that was accepted may be reported as such, even if a scope was taken away afterwards."""
    if refused is None or any(call.effect is SendEffect.CONSUMED for call in intent.calls):
        return None
    message = f"{name_of(intent)} was reported as delivered after a 403 for a missing scope"
    return Breach(message, (at("scope refused", refused), *reported(intent)))


R3 = StatefulClause(
    start=-1.0,
    step=_step_scope,
    on=(CallLeft, CallReturned, IntentEnded, WorldChanged),
    own_time=True,
    needs_intents=True,
    needs_report="part",
    is_reaction=True,
    **told("R3"),
    trigger=lambda history: bool(history.scope_refusals),
)


def _mark_refusal_retried(moment: Moment, case: Case) -> Mark:
    match moment:
        case CallReturned(call) if call.status in REJECTS and _has_unit(call, case):
            return EXERCISED
        case CallLeft(call, place) if case.history.rejects and _has_unit(call, case):
            earlier = case.history.rejects.get(call.identity, [])
            if earlier and earlier[0].was_over(place):
                message = f"{noun_of(call)} was repeated unchanged after {answer_to(earlier[0])}"
                return Breach(message, (at("refused", earlier[0]), at("repeated", call)))
    return None


def _has_unit(call: Call, case: Case) -> bool:
    """A later message may have to repeat an earlier one's request. A recording without intents counts as one unit of work."""
    return call.intent is not None or not case.history.intents


R7 = Clause(
    look=_mark_refusal_retried,
    on=(CallLeft, CallReturned),
    own_time=True,
    is_reaction=True,
    **told("R7"),
    trigger=lambda history: bool(history.rejects),
)
