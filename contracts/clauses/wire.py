"""Does the client make requests that the platform can accept at all?"""

from __future__ import annotations

from contracts.clauses import shapes
from contracts.clauses.excuses import handed_on, made_up
from contracts.clauses.words import UNKNOWN_POLICY, at, noun_of, quote, told
from contracts.history import Call, CallLeft, CallReturned, Moment
from contracts.judge import EXERCISED, Breach, Case, Clause, Mark

BODIES = frozenset({"create", "send"})
"""The operations whose bodies are JSON."""


def _mark_payload(moment: Moment, case: Case) -> Mark:
    """A body is checked here when its request leaves. The platform may refuse one that passes this check."""
    match moment:
        case CallLeft(call) if call.operation in BODIES:
            problem = shapes.problem(call.arrival, case.history.policy("max_text", MAX_TEXT, call))
            if not problem or handed_on(call):
                return EXERCISED
            return Breach(f"the body of {noun_of(call)} is invalid: {problem}", (at("invalid", call),))
        case CallReturned(call) if call.operation in BODIES and call.status in {400, 415}:
            if made_up(call) or handed_on(call):
                return None
            return Breach(f"the platform refused the body of {noun_of(call)}: {call.code}", (at("invalid", call),))
        case CallReturned(call) if call.operation == "send":
            return _doubted_text(call, case)
    return None


def _doubted_text(call: Call, case: Case) -> Breach | None:
    """Return a breach that is not certain: the text may be too long under a policy that the trace does not have.

    No doubt is left if the platform's answer shows that it looked further than at the body.
    """
    passed = call.answer is not None and (call.answer.accepted or call.answer.reason.startswith(BEHIND_BODY))
    if passed or handed_on(call) or case.history.policy("max_text", MAX_TEXT, call) is not None:
        return None
    later = [change.value for change in case.history.policy_changes["max_text"] if isinstance(change.value, int)]
    problem = shapes.problem(call.arrival, min([MAX_TEXT, *later]))
    if not problem:
        return None
    return Breach(f"the body of {noun_of(call)} is invalid: {problem}{UNKNOWN_POLICY}", (at("invalid", call),), certain=False)


BEHIND_BODY = ("session.", "rate.")
"""The reasons of the guards that come after the body's."""

MAX_TEXT = 4000
"""The longest text, in characters, unless the policy says otherwise."""


W1 = Clause(
    look=_mark_payload,
    on=(CallLeft, CallReturned),
    **told("W1"),
)


def _mark_endpoint(moment: Moment, _: Case) -> Mark:
    """An unknown path may still exist, such as the platform's own description: it is then answered."""
    match moment:
        case CallReturned(call):
            nowhere = call.operation is None and (call.status is None or call.status in NOWHERE)
            refused = call.status in NOWHERE and not made_up(call)
            if not nowhere and not refused:
                return EXERCISED
            message = f"{call.arrival.method} {quote(call.arrival.path)} is not an operation of the platform"
            return Breach(message, (at("no such operation", call),))
    return None


NOWHERE = frozenset({404, 405})
"""The statuses for an unknown path, or an unknown method of a known one."""

W2 = Clause(
    look=_mark_endpoint,
    on=(CallReturned,),
    **told("W2"),
)
