"""Excuses for a message that was not delivered: the client could see that it had to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from contracts.history import REJECTS, Call, JudgedIntent, SendEffect, document, message_in
from contracts.judge import Case


def excuse(intent: JudgedIntent, case: Case) -> str | None:
    """Return the first excuse for the intent not being accepted, or None."""
    place = intent.ended if intent.ended is not None else len(case.history.moments)
    if overtaken(intent, place, case):
        return "more time passed at once than a client must wait"
    calls = intent.possible
    if _may_be_accepted(calls, place, case):
        return "a send of it may have been accepted, and may not be doubled"
    known = [call for call in calls if call.was_over(place)]
    if tried_enough(calls, place, case):
        return "one operation failed often enough"
    return next(_excuses(known, case.parameters.max_wait), None)


def overtaken(intent: JudgedIntent, place: float, case: Case) -> bool:
    """Return whether the clock jumped so far within the message, up to `place`, that any deadline of the client was over."""
    return jumped(intent, place, case) > 1000 * case.parameters.max_wait


def jumped(intent: JudgedIntent, place: float, case: Case) -> int:
    """Return how far the clock was moved while the intent was open, up to `place`, in milliseconds."""
    changes = [change for change in case.history.changes if intent.began < change.place < place]
    return sum(change.jumped_by(case.history.time_at(place)) for change in changes)


def _may_be_accepted(calls: Sequence[Call], place: float, case: Case) -> bool:
    """Return whether the client got no clear answer to a send, or did not wait for it.

    Many clients cannot tell a lost request from a lost answer.
    """
    sends = [call for call in calls if call.operation == "send" and call.left < place]
    return case.parameters.delivery == "at-most-once" and any(
        not call.was_over(place) or call.status is None or call.effect is SendEffect.UNKNOWN for call in sends
    )


def tried_enough(calls: Sequence[Call], place: float, case: Case) -> bool:
    """Return whether one operation failed `min_attempts` times up to `place`, not counting refusals of the request itself.

    A call still under way counts as failed, because the client did not wait for it.
    """
    left = [call for call in calls if call.left < place]
    failed = [call for call in left if not call.was_over(place) or _failed_through_no_fault_of_its_own(call, case)]
    failures = Counter(call.operation for call in failed)
    return any(count >= case.parameters.min_attempts for count in failures.values())


def _failed_through_no_fault_of_its_own(call: Call, case: Case) -> bool:
    if call.status is not None and call.status < 300:
        return call.unusable
    if call.effect is SendEffect.DEAD:
        return case.history.sessions[call.presented or ""].created is not None if call.presented else False
    return call.status not in REJECTS or made_up(call)


def first_dead(kind: str, calls: Iterable[Call], place: float) -> Call | None:
    """Return the first call that the client knew, at `place`, to have shown something dead; None if there is none."""
    dead = (call for call in calls if call.said_dead(kind) and call.was_over(place))
    return min(dead, key=lambda call: call.returned or 0, default=None)


def handed_on(call: Call) -> bool:
    """Return whether a send lacks a proper id because the create before it was answered by a 200 without one.

    A client that passes on what it got, null for example, has invented nothing. One that sends the word `None` has.
    """
    id, _ = message_in(document(call.arrival))
    if call.operation != "send" or call.group is None or id:
        return False
    calls = call.intent.calls if call.intent is not None else call.group.calls
    return any(made.operation == "create" and made.unusable and made.was_over(call.left) for made in calls)


def made_up(call: Call) -> bool:
    """Return whether a fault answered in the platform's place."""
    return call.answer is not None and call.answer.fault is not None


def went_wrong(call: Call) -> bool:
    """Return whether a call failed, was refused, or was answered by a fault."""
    return call.status is None or call.status >= 400 or call.unusable or made_up(call)


def _excuses(calls: Sequence[Call], longest: float) -> Iterator[str]:
    """Yield what excuses a client that knew the answers to these calls, and must wait `longest` seconds at most."""
    if any(call.scope_refused or (call.operation == "create" and call.status == 403) for call in calls):
        yield "the client was not allowed to create or send"
    if sum(call.effect is SendEffect.DEAD for call in calls) >= 2:
        yield "a fresh session was refused too"
    if len({call.token for call in calls if call.said_dead("token")}) >= 2:
        yield "a fresh token was refused too"
    if any(call.operation == "token" and call.status in {400, 401, 403} for call in calls):
        yield "no token could be had"
    if any(call.status in REJECTS and made_up(call) for call in calls):
        yield "a request was refused that may not be repeated"
    if any(call.unusable or (call.status is not None and 300 <= call.status < 400) for call in calls):
        yield "a request was answered by something that is not the platform"
    waits = (call.answer.retry_after for call in calls if call.answer is not None and call.status is not None)
    if any(wait is not None and wait > longest for wait in waits):
        yield "the platform asked for a longer wait than a client must sit out"
