"""Does the client make requests that the platform can accept at all?"""

from __future__ import annotations

from contracts.clauses import shapes
from contracts.clauses.excuses import handed_on, made_up
from contracts.clauses.words import at, noun_of, quote, told
from contracts.history import CallLeft, CallReturned, Moment
from contracts.judge import EXERCISED, Breach, Case, Clause, Mark

BODIES = frozenset({"create", "send"})
"""The operations whose bodies are JSON."""


def _mark_payload(moment: Moment, case: Case) -> Mark:
    """A body is checked here when its request leaves. The platform may refuse one that passes this check."""
    match moment:
        case CallLeft(call) if call.operation in BODIES:
            problem = shapes.problem(call.arrival, case.history.policy("max_text", 4000))
            if not problem or handed_on(call):
                return EXERCISED
            return Breach(f"the body of {noun_of(call)} is invalid: {problem}", (at("invalid", call),))
        case CallReturned(call) if call.operation in BODIES and call.status in {400, 415}:
            if made_up(call) or handed_on(call):
                return None
            return Breach(f"the platform refused the body of {noun_of(call)}: {call.code}", (at("invalid", call),))
    return None


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
