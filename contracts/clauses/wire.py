"""Does the client speak the platform's language at all?"""

from __future__ import annotations

from contracts.clauses import shapes
from contracts.clauses.excuses import made_up
from contracts.clauses.words import at
from contracts.history import CallLeft, CallReturned, Moment
from contracts.judge import EXERCISED, Breach, Case, Clause, Mark

BODIES = frozenset({"create", "send"})
"""The operations whose bodies are JSON."""


def _step_payload(state: None, moment: Moment, case: Case) -> tuple[None, Mark]:
    """Looks for itself when a request leaves; where it finds nothing, the platform may still know better."""
    match moment:
        case CallLeft(call) if call.operation in BODIES:
            problem = shapes.problem(call.arrival, case.history.policy("max_text", 4000))
            if not problem:
                return state, EXERCISED
            return state, Breach(f"the body of a {call.operation} is invalid: {problem}", (at("invalid", call),))
        case CallReturned(call) if call.operation in BODIES and call.status in {400, 415} and not made_up(call):
            return state, Breach(f"the platform refused the body of a {call.operation}: {call.code}", (at("invalid", call),))
    return state, None


W1 = Clause(
    code="W1",
    name="payload-invalid",
    statement="send bodies that satisfy the schema, as application/json",
    reason="The platform checks a body before it looks at the session: what does not satisfy the schema is a 400, another media"
    " type a 415, and neither will ever be accepted.",
    advice=(
        "Build the body as a value and let the HTTP library encode it as JSON, content type included; do not glue strings.",
        "Check the text before the send: 1 to 4000 characters, no NUL; split or refuse what is longer.",
    ),
    stimulus="the client created a session or sent a message",
    start=None,
    step=_step_payload,
    on=(CallLeft, CallReturned),
)
