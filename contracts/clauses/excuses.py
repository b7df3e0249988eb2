"""Excuses for a message that was not delivered: the client could see that it had to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from contracts.history import REJECTS, Call, JudgedIntent, SendEffect, document
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
    return next((text for text, applies in EXCUSES if applies(known, case)), None)


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


def _forbidden(calls: Sequence[Call], _: Case) -> bool:
    return any(call.scope_refused or (call.operation == "create" and call.status == 403) for call in calls)


def _second_dead(calls: Sequence[Call], _: Case) -> bool:
    return sum(call.effect is SendEffect.DEAD for call in calls) >= 2


def _two_tokens_refused(calls: Sequence[Call], _: Case) -> bool:
    return len({call.token for call in calls if call.status == 401 and call.operation != "token"}) >= 2


def _token_refused(calls: Sequence[Call], _: Case) -> bool:
    return any(call.operation == "token" and call.status in {400, 401, 403} for call in calls)


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


def _refused_by_a_fault(calls: Sequence[Call], _: Case) -> bool:
    return any(call.status in REJECTS and made_up(call) for call in calls)


def _answered_by_another(calls: Sequence[Call], _: Case) -> bool:
    """Return whether a 200 had a body that is not the platform's, or a redirect was answered: trying again may not help."""
    return any(call.unusable or (call.status is not None and 300 <= call.status < 400) for call in calls)


def handed_on(call: Call) -> bool:
    """Return whether a send lacks a proper id because the create before it was answered by a 200 without one.

    A client that passes on what it got, null for example, has invented nothing. One that sends the word `None` has.
    """
    id = document(call.arrival).get("webChatSessionId")
    if call.operation != "send" or call.group is None or (isinstance(id, str) and id):
        return False
    calls = call.intent.calls if call.intent is not None else call.group.calls
    return any(made.operation == "create" and made.unusable and made.was_over(call.left) for made in calls)


def made_up(call: Call) -> bool:
    """Return whether a fault answered in the platform's place."""
    return call.answer is not None and call.answer.fault is not None


def _wait_too_long(calls: Sequence[Call], case: Case) -> bool:
    waits = (call.answer.retry_after for call in calls if call.answer is not None and call.status is not None)
    return any(wait is not None and wait > case.parameters.max_wait for wait in waits)


EXCUSES: tuple[tuple[str, Callable[[Sequence[Call], Case], bool]], ...] = (
    ("the client was not allowed to create or send", _forbidden),
    ("a fresh session was refused too", _second_dead),
    ("a fresh token was refused too", _two_tokens_refused),
    ("no token could be had", _token_refused),
    ("a request was refused that may not be repeated", _refused_by_a_fault),
    ("a request was answered by something that is not the platform", _answered_by_another),
    ("the platform asked for a longer wait than a client must sit out", _wait_too_long),
)
