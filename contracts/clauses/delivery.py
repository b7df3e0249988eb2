"""What became of the message, and was it reported truthfully?"""

from __future__ import annotations

from contracts.clauses.excuses import excuse
from contracts.clauses.words import answer_to, at
from contracts.history import Call, Effect, Intent, IntentEnded, Moment
from contracts.judge import EXERCISED, Breach, Case, Clause, Evidence, Mark


def name_of(intent: Intent) -> str:
    """An intent as a person counts them: `message 1`."""
    return f"message {intent.number + 1}"


def _step_not_delivered(state: None, moment: Moment, case: Case) -> tuple[None, Mark]:
    match moment:
        case IntentEnded(intent) if intent.outcome != "never":
            if any(call.accepted for call in intent.calls):
                return state, EXERCISED
            return state, None if excuse(intent, case) else _undelivered(intent)
    return state, None


def _undelivered(intent: Intent) -> Breach:
    over = [call for call in intent.calls if call.returned is not None]
    ended = Evidence("gave up" if intent.outcome == "failed" else "reported success", intent.ended_seq or 0)
    if not over:
        return Breach(f"{name_of(intent)} was not delivered: the client sent nothing for it", (ended,))
    last = over[-1]
    message = f"{name_of(intent)} was not delivered: the client stopped after its {last.operation} got {answer_to(last)}"
    return Breach(message, (at("last try", last), ended))


D2 = Clause(
    code="D2",
    name="not-delivered",
    statement="end every message accepted, unless it could see that it had to stop",
    reason="Sessions die, tokens expire and servers answer 503 in production every day. A client that gives up at the first of"
    " them loses messages that one more step would have delivered.",
    advice=(
        "After a 403 that names no scope create a fresh session and send again; after a 401 take a new token and try again.",
        "After 429, 5xx or no answer to a create or token call try again, at least 3 times in all, waiting as asked.",
    ),
    stimulus="a message was accepted, or the client stopped without an excuse",
    start=None,
    step=_step_not_delivered,
    on=(IntentEnded,),
    parameters=("delivery", "min_attempts", "max_wait"),
    needs_intents=True,
)


def _confirmed(intent: Intent) -> Call | None:
    """The accepted send whose 200 had reached the client when it reported."""
    end = intent.ended
    known = (call for call in intent.calls if call.accepted and call.effect is Effect.CONSUMED)
    return next((call for call in known if end is not None and call.was_over(end)), None)


def _step_false_outcome(state: None, moment: Moment, _: Case) -> tuple[None, Mark]:
    match moment:
        case IntentEnded(intent) if intent.outcome != "never":
            confirmed = _confirmed(intent)
            if intent.outcome == "accepted" and confirmed is None:
                return state, _false_success(intent)
            if intent.outcome == "failed" and confirmed is not None:
                return state, _false_failure(intent, confirmed)
            return state, EXERCISED
    return state, None


def _false_success(intent: Intent) -> Breach:
    sends = intent.of("send")
    reported = Evidence("reported success", intent.ended_seq or 0)
    if not sends:
        return Breach(f"{name_of(intent)} was reported as delivered, and was never sent", (reported,))
    message = f"{name_of(intent)} was reported as delivered, but its send got {answer_to(sends[-1])}"
    return Breach(message, (at("not confirmed", sends[-1]), reported))


def _false_failure(intent: Intent, confirmed: Call) -> Breach:
    message = f"{name_of(intent)} was reported as failed, though the 200 to its send had reached the client"
    return Breach(message, (at("accepted", confirmed), Evidence("reported failure", intent.ended_seq or 0)))


D3 = Clause(
    code="D3",
    name="outcome-false",
    statement="report success only where an accepted send's 200 reached it, and failure only where none did",
    reason="Whoever called the client acts on what it says: a false success loses the message for good, a false failure has it"
    " sent again and delivered twice.",
    advice=(
        "Check the status of the send and raise on everything but 200; do not swallow exceptions around it.",
        "Once the 200 is there, let nothing that follows turn it into an error.",
    ),
    stimulus="the client reported the outcome of a message",
    start=None,
    step=_step_false_outcome,
    on=(IntentEnded,),
    needs_intents=True,
)
