"""May this id be used? One session serves one handshake, soon after its creation, for one guest."""

from __future__ import annotations

from contracts.clauses.words import at, seconds
from contracts.history import Call, CallLeft, CallReturned, Effect, Moment
from contracts.judge import EXERCISED, UPPER_BOUND, Breach, Case, Clause, Mark

SPENDS = frozenset({Effect.CONSUMED, Effect.UNKNOWN})
"""The effects after which an id may be used up."""


def spent_by(id: str | None, place: int, case: Case) -> list[Call]:
    """The sends known at `place` to have used the id up, or to have perhaps; empty while handshakes are left."""
    if id is None:
        return []
    sends = [call for call in case.history.sessions[id].sends if call.effect in SPENDS and call.was_over(place)]
    return sends if len(sends) >= case.history.policy("handshakes", 1) else []


def _step_reused(any_spent: bool, moment: Moment, case: Case) -> tuple[bool, Mark]:
    match moment:
        case CallReturned(call, place):
            return any_spent or bool(spent_by(call.presented, place + 1, case)), None
        case CallLeft(call, place) if call.presented is not None:
            uses = spent_by(call.presented, place, case)
            if uses:
                return any_spent, _reuse(call, uses, case)
            return any_spent, EXERCISED if any_spent else None
    return any_spent, None


def _reuse(call: Call, uses: list[Call], case: Case) -> Breach:
    label = case.history.sessions[call.presented or ""].label
    if len(uses) > 1:
        message = f"session {label} was presented again after {len(uses)} sends had used it up"
    elif uses[0].effect is Effect.CONSUMED:
        message = f"session {label} was used twice"
    else:
        message = f"session {label} was presented again after a send whose outcome nobody knows"
    return Breach(message, (at("first use", uses[0]), at("used again", call)))


def _most_sends(case: Case) -> float:
    return max((len(session.sends) for session in case.history.sessions.values()), default=0)


S1 = Clause(
    code="S1",
    name="session-reused",
    statement="never present an id again after a send of it was accepted, or may have been",
    reason="The platform invalidates a session id at its first successful handshake: the second send is a 403 in production."
    " Where the answer to a send was lost, nobody knows whether the id is used up.",
    advice=(
        "Create the session inside the call that sends: POST …/webchat/sessions, then use that id once.",
        "Do not keep ids in a dict, a database row or on self: there is no time at which a kept id is safe.",
    ),
    stimulus="an id was used up, and the client sent again",
    start=False,
    step=_step_reused,
    on=(CallLeft, CallReturned),
    closeness=_most_sends,
)


def _age(call: Call, place: int, case: Case) -> int | None:
    """How old the id was, in milliseconds, when `call` presented it; None where its creation was not seen to come back."""
    session = case.history.sessions.get(call.presented or "")
    created = session.created if session is not None else None
    if created is None or not created.was_over(place) or created.returned_at is None or created.received_session is None:
        return None
    return call.left_at - created.returned_at


def _step_stale(state: None, moment: Moment, case: Case) -> tuple[None, Mark]:
    match moment:
        case CallLeft(call, place):
            age = _age(call, place, case)
            if age is None:
                return state, None
            allowed = case.parameters.max_age * 1000
            return state, _staleness(call, age, allowed, case) if age > allowed else EXERCISED
    return state, None


def _staleness(call: Call, age: int, allowed: float, case: Case) -> Breach:
    session = case.history.sessions[call.presented or ""]
    message = f"session {session.label} was {seconds(age)} old when it was used; {seconds(allowed)} are allowed"
    created = (at("created", session.created),) if session.created is not None else ()
    return Breach(message, (*created, at("used", call)))


def _oldest(case: Case) -> float:
    return max((_age(call, call.left, case) or 0 for call in case.history.calls), default=0) / 1000


S2 = Clause(
    code="S2",
    name="session-stale",
    statement="use an id within `max_age` seconds of receiving it",
    reason="The gap between creation and use must be milliseconds: a session that nobody uses ends after a short idle timeout,"
    " and the send that comes after it is a 403.",
    advice=(
        "Create the session right before the send, in the same function: nothing may wait between the two.",
        "After a wait (Retry-After, a queue, a step of a workflow) create a new session instead of using the one from before.",
    ),
    stimulus="a send presented an id whose creation the trace holds",
    start=None,
    step=_step_stale,
    on=(CallLeft,),
    clocks=UPPER_BOUND,
    parameters=("max_age",),
    closeness=_oldest,
)

NEVER_ISSUED = frozenset({"session.unknown", "session.foreign"})
"""Reasons for which a platform that tells them never issued the id to this client."""


def _step_invented(state: None, moment: Moment, case: Case) -> tuple[None, Mark]:
    match moment:
        case CallReturned(call) if call.presented is not None:
            return state, _invention(call, case)
    return state, None


def _invention(call: Call, case: Case) -> Mark:
    """A recording may begin after sessions were created; one with intents begins with the client."""
    session = case.history.sessions[call.presented or ""]
    if session.created is not None and session.created.left < call.left:
        return EXERCISED
    answer = call.answer
    told = answer is not None and answer.reason in NEVER_ISSUED
    if not told and answer is not None and (answer.session is not None or answer.accepted):
        return EXERCISED
    message = f"the client presented {session.label}, which the platform never issued to it"
    certain = told or bool(case.history.intents)
    return Breach(message, (at("never issued", call),), certain) if certain or call.status == 403 else None


S4 = Clause(
    code="S4",
    name="session-invented",
    statement="present only ids that the platform issued to it",
    reason="The platform answers an id it never issued, or issued to another OAuth client, with the same 403 as a dead one.",
    advice=(
        "Take `webChatSessionId` from the answer to POST …/webchat/sessions, and from nowhere else.",
        "Fail loudly where that answer has no id, instead of sending a default.",
    ),
    stimulus="a send presented an id",
    start=None,
    step=_step_invented,
    on=(CallReturned,),
)
