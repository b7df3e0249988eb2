"""Was the message delivered, and was its outcome reported truthfully?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from msgspec import UNSET

from contracts.clauses.excuses import excuse, jumped, went_wrong
from contracts.clauses.words import answer_to, at, name_of, noun_of, plain_or_quoted, quote, reported, seconds, told, told_apart
from contracts.history import Call, CallLeft, CallReturned, IntentEnded, JudgedIntent, Moment, SendEffect, document
from contracts.history.attribution import LATE
from contracts.judge import EXERCISED, Breach, Case, Clause, Evidence, Mark
from mockserver.journal import Guest


class Unit(NamedTuple):
    """A kind of unit of work, as the platform declares it.

    `answered`: only the answer to the call that does the work tells a client that it is done.
    """

    name: str
    effect: Mapping[str, Any]
    answered: bool = False


MESSAGE = Unit("message", {"suffices": True}, answered=True)
"""The unit of work of a client that sends messages."""


def _calls_for(intent: JudgedIntent) -> list[Call]:
    """Return its calls of the operation that does the work."""
    return [call for call in intent.calls if call.does == intent.noun]


def _mark_delivered_twice(moment: Moment, case: Case) -> Mark:
    match moment:
        case CallReturned(call, place) if call.intent is not None and call.does == "message":
            tries = [other for other in _calls_for(call.intent) if other.was_over(place + 1)]
            accepted = _told_apart([other for other in tries if other.accepted], case)
            if len(accepted) > 1:
                evidence = (at("accepted", accepted[0]), at("accepted again", accepted[1]))
                message = f"{name_of(call.intent)} was accepted twice"
                if len(accepted) <= 1 + len(_failed_alike(call.intent, case)):
                    return Breach(f"{message}; uncertain, because {LATE}", evidence, certain=False)
                return Breach(message, evidence)
            unclear = _unclear(call.intent, place, case) if call.accepted else None
            if unclear is not None:
                message = f"{name_of(call.intent)} was accepted after a send of it that got {answer_to(unclear)}: perhaps twice"
                return Breach(message, (at("perhaps accepted", unclear), at("accepted", call)), certain=False)
            return EXERCISED if call.effect is SendEffect.UNKNOWN else None
    return None


def _failed_alike(intent: JudgedIntent, case: Case) -> list[JudgedIntent]:
    """Return the earlier messages with the same guest and text that were reported as failed, and not accepted."""
    earlier = (other for other in case.history.intents if other.ended is not None and other.ended < intent.began)
    alike = (other for other in earlier if (other.guest, other.text) == (intent.guest, intent.text))
    return [other for other in alike if other.outcome == "failed" and not any(call.accepted for call in other.calls)]


def _told_apart(sends: list[Call], case: Case) -> list[Call]:
    """Drop sends that repeat an idempotency key, because the platform takes them for one."""
    first: dict[object, Call] = {}
    for send in sends:
        first.setdefault(send.key(case.parameters.idempotency_key) or send, send)
    return list(first.values())


def _unclear(intent: JudgedIntent, place: float, case: Case) -> Call | None:
    """Return an earlier send of the message that may have been accepted; None if all outcomes are recorded."""
    if not case.history.inferred or case.history.header.source in JOURNALS:
        return None
    known = (send for send in _calls_for(intent) if send.was_over(place))
    return next((send for send in known if send.effect is SendEffect.UNKNOWN and not send.accepted), None)


JOURNALS = frozenset({"dayfly", "dayfly probe"})
"""Sources that record whether a message was accepted, even if the client could not know."""


D1 = Clause(
    look=_mark_delivered_twice,
    on=(CallReturned,),
    needs_intents=True,
    spared=lambda case: "delivery is at-least-once" if case.parameters.delivery == "at-least-once" else "",
    closeness=lambda case: sum(call.effect is SendEffect.UNKNOWN for call in case.history.calls),
    **told("D1"),
)


def _mark_not_delivered(moment: Moment, case: Case) -> Mark:
    match moment:
        case IntentEnded(intent) if intent.outcome != "never":
            if any(call.accepted and call.left < (intent.ended or 0) for call in intent.calls):
                return EXERCISED
            return None if excuse(intent, case) else _undelivered(intent, case)
    return None


def _undelivered(intent: JudgedIntent, case: Case) -> Breach:
    end = intent.ended or 0
    own = [call for call in intent.calls if call.was_over(end)]
    over = own or [call for call in intent.group.unattributed if call.was_over(end)]
    late = _sent_afterwards(intent, case)
    if late is not None:
        message = f"{name_of(intent)} was not delivered when the client reported: it was sent only afterwards"
        return Breach(message, (*reported(intent), at("sent afterwards", late)))
    message = f"{name_of(intent)} was not delivered: the client sent nothing for it"
    evidence: tuple[Evidence, ...] = reported(intent)
    if over:
        last = over[-1]
        message = f"{name_of(intent)} was not delivered: the client stopped after {noun_of(last, 'its')} got {answer_to(last)}"
        evidence = (at("last try", last), *evidence)
    if _may_share_a_create(intent, end):
        return Breach(f"{message}; uncertain, because it may have shared another message's create", evidence, certain=False)
    return Breach(message, evidence)


def _may_share_a_create(intent: JudgedIntent, end: float) -> bool:
    """Return whether the message made no create or send, while a create of its group failed: the two may have shared it."""
    if any(call.operation in {"create", "send"} for call in intent.calls):
        return False
    creates = (call for call in intent.group.calls if call.operation == "create" and call.was_over(end))
    return any(call.received_session is None for call in creates)


D2 = Clause(
    look=_mark_not_delivered,
    on=(IntentEnded,),
    own_time=True,
    needs_intents=True,
    needs_report="all",
    **told("D2"),
)


def _confirmed(intent: JudgedIntent, case: Case) -> Call | None:
    """Return the last accepted call for the unit whose 2xx had reached the client when it reported, or None.

    One that has the unit's values goes before one that may be about something else.
    """
    calls = sorted(_calls_for(intent), key=lambda call: (call.altered is None, call.left), reverse=True)
    accepted = (call for call in calls if call.accepted and (call.status or 500) < 300)
    return next((call for call in accepted if call.was_over(intent.ended or 0) and case.history.heard(call)), None)


def mark_false_outcome(unit: Unit, moment: Moment, case: Case) -> Mark:
    """Judge D3, for any unit of work. One may need other calls after the one that does it, unless that suffices."""
    match moment:
        case IntentEnded(intent) if intent.outcome != "never" and intent.noun == unit.name and intent.alone:
            confirmed = _confirmed(intent, case)
            is_done = confirmed is not None if unit.answered else any(call.accepted for call in _calls_for(intent))
            if intent.outcome == "accepted" and not is_done and not _has_begun(intent):
                return _false_success(intent, case)
            if intent.outcome == "failed" and confirmed is not None and not _is_doubtful(confirmed, intent, unit):
                return _false_failure(confirmed, intent, case)
            return EXERCISED
    return None


def _false_failure(confirmed: Call, intent: JudgedIntent, case: Case) -> Breach:
    known = f"the {confirmed.status} to {noun_of(confirmed, 'its')} had reached the client"
    is_doubtful = case.history.may_be_for_another(confirmed)
    why = f"; uncertain, because {FOR_AN_EARLIER}" if is_doubtful else ""
    message = f"{name_of(intent)} was reported as failed, though {known}{why}"
    return Breach(message, (at("accepted", confirmed), *reported(intent)), certain=not is_doubtful)


FOR_AN_EARLIER = "the call may have been for an earlier unit with the same values"
"""The reason for a doubt if a client may have had an earlier unit to do still."""


def _has_begun(intent: JudgedIntent) -> bool:
    """Return whether a 2xx for the unit had begun to come when the client reported."""
    return any(call.begun and call.was_over(intent.ended or 0) for call in _calls_for(intent))


def _is_doubtful(confirmed: Call, intent: JudgedIntent, unit: Unit) -> bool:
    """Return whether a client may report a failure though a call for the unit was accepted.

    It may if it could not read that, if it needed other calls, or if the call was about something else.
    """
    later = [] if unit.effect.get("suffices") else [call for call in intent.calls if call.left > confirmed.left]
    return confirmed.unusable or any(map(went_wrong, later)) or confirmed.altered is not None


def _false_success(intent: JudgedIntent, case: Case) -> Breach:
    name, end = f"{name_of(intent)} was reported as a success", intent.ended or 0
    sends = [send for send in _calls_for(intent) if send.left < end]
    late = _sent_afterwards(intent, case)
    if not sends and late is not None:
        return Breach(f"{name} before it was sent", (*reported(intent), at("sent afterwards", late)))
    if not sends:
        return Breach(f"{name}, and nothing was sent for it", reported(intent))
    last = sends[-1]
    its = noun_of(last, "its")
    known = f", but {its} got {answer_to(last)}" if last.was_over(end) else f" before the answer to {its} was there"
    return Breach(f"{name}{known}", (at("not confirmed", last), *reported(intent)))


def _sent_afterwards(intent: JudgedIntent, case: Case) -> Call | None:
    """Return the first send of the message's text after the client reported, or None. No other message may have that text."""
    texts = [other.text for other in case.history.intents]
    if texts.count(intent.text) > 1 or intent.ended is None:
        return None
    sends = (call for call in case.history.calls if call.operation == "send" and call.text == intent.text)
    return next((send for send in sends if send.left > (intent.ended or 0)), None)


D3 = Clause(
    look=partial(mark_false_outcome, MESSAGE),
    on=(IntentEnded,),
    own_time=True,
    needs_intents=True,
    needs_report="all",
    **told("D3"),
)


def mark_altered(unit: str, moment: Moment, case: Case) -> Mark:
    """Judge D4, for any unit of work."""
    match moment:
        case CallReturned(call) | CallLeft(call) if (
            call.intent is not None and call.does == unit and call.accepted and call.kept
        ):
            is_over = isinstance(moment, CallReturned) or call.returned is None
            is_its_own = is_over and not case.history.is_something_else(call)
            return (_alteration(call, call.intent, case) or EXERCISED) if is_its_own else None
    return None


def _alteration(call: Call, intent: JudgedIntent, case: Case) -> Breach | None:
    if call.altered is None:
        return None
    value, given = call.kept[call.altered], intent.given.get(call.altered)
    accepted, meant = repr(value), repr(given)
    if isinstance(value, str) and isinstance(given, str):
        accepted, meant = told_apart(value, given)
    message = f"the {call.altered} of {name_of(intent)} was accepted as {accepted} instead of {meant}"
    if case.history.may_be_something_else(call):
        return Breach(f"{message}; uncertain, because {SOMETHING_ELSE}", (at("altered", call),), certain=False)
    return Breach(message, (at("altered", call),))


SOMETHING_ELSE = "the call may have been about something else"
"""The reason for a doubt if a call of a unit's operation does not have the values of the unit."""


D4 = Clause(
    look=partial(mark_altered, "message"),
    on=(CallLeft, CallReturned),
    needs_intents=True,
    needs_report="all",
    **told("D4"),
)


def _mark_guest_altered(moment: Moment, _: Case) -> Mark:
    match moment:
        case CallLeft(call) if call.operation == "create" and call.group is not None and _tells_its_guest(call):
            intents = [call.intent] if call.intent is not None else call.group.intents
            return _guest_alteration(call, [intent.guest for intent in intents]) or EXERCISED
    return None


def _tells_its_guest(call: Call) -> bool:
    """Return whether the guest can be read from the body. A body that breaks the schema is a matter for W1."""
    arrival = call.arrival
    if arrival.truncated or (arrival.size > 0 and arrival.body is UNSET):
        return False
    return call.guest is not None or "guest" not in document(arrival)


def _guest_alteration(call: Call, given: list[Guest]) -> Breach | None:
    """If intents overlap, a create belongs to the intent whose guest it names. This one names a guest of none of them."""
    if call.guest in given:
        return None
    shown = "without a guest" if call.guest is None else f"for {_in_full(call.guest)}"
    whom = _in_full(given[0]) if len(given) == 1 else "one of the guests that were given"
    return Breach(f"a session was created {shown} instead of {whom}", (at("altered guest", call),))


def _in_full(guest: Guest) -> str:
    return f"{quote(guest.name)} <{plain_or_quoted(guest.email)}>"


D5 = Clause(
    look=_mark_guest_altered,
    on=(CallLeft,),
    needs_intents=True,
    needs_report="all",
    **told("D5"),
)

MOST_REQUESTS = 300
"""Most requests within one message."""

LONGEST = 24 * 3600 * 1000
"""Most milliseconds of virtual time within one message."""


def _mark_never_returns(moment: Moment, case: Case) -> Mark:
    """A client that took too long is judged in virtual time only. One that was given up is judged on any clock: it made too
    many requests, its process ended, or it was silent for too long.
    """
    match moment:
        case IntentEnded(intent):
            took = (intent.ended_at or 0) - intent.began_at - jumped(intent, intent.ended or 0, case)
            too_long = took > LONGEST and case.history.header.clock == "virtual"
            if intent.outcome != "never" and len(intent.calls) <= MOST_REQUESTS and not too_long:
                return EXERCISED
            why = f": {intent.error}" if intent.error else f": {len(intent.calls)} requests in {seconds(took)}"
            return Breach(f"{name_of(intent)} was never brought to an end{why}", reported(intent))
    return None


D6 = Clause(
    look=_mark_never_returns,
    on=(IntentEnded,),
    own_time=True,
    needs_intents=True,
    needs_report="all",
    **told("D6"),
)
