"""Does the client make requests that the platform can accept at all?"""

from __future__ import annotations

from contracts.clauses import shapes
from contracts.clauses.excuses import handed_on, made_up
from contracts.clauses.words import at, noun_of, quote
from contracts.history import Call, CallLeft, CallReturned, Moment
from contracts.judge import EXERCISED, Breach, Case, Clause, Mark

BODIES = frozenset({"create", "send"})
"""The operations whose bodies are JSON."""


def _step_payload(state: None, moment: Moment, case: Case) -> tuple[None, Mark]:
    """A body is checked here when its request leaves. The platform may refuse one that passes this check."""
    match moment:
        case CallLeft(call) if call.operation in BODIES:
            problem = shapes.problem(call.arrival, case.history.policy("max_text", 4000))
            if not problem or handed_on(call):
                return state, EXERCISED
            return state, Breach(f"the body of {noun_of(call)} is invalid: {problem}", (at("invalid", call),))
        case CallReturned(call) if call.operation in BODIES and call.status in {400, 415} and not _excused(call):
            return state, Breach(f"the platform refused the body of {noun_of(call)}: {call.code}", (at("invalid", call),))
    return state, None


def _excused(call: Call) -> bool:
    return made_up(call) or handed_on(call)


W1 = Clause(
    code="W1",
    name="payload-invalid",
    statement="send bodies that satisfy the schema, as application/json",
    reason="The platform checks a body before it looks at the session: what does not satisfy the schema is a 400, another media"
    " type a 415, and neither will ever be accepted.",
    advice=(
        "Build the body as a value and let the HTTP library encode it as JSON, content type included; do not glue strings.",
        "Check the text before the send: 1 to 4000 characters, no NUL; refuse what is longer.",
    ),
    stimulus="the client created a session or sent a message",
    start=None,
    step=_step_payload,
    on=(CallLeft, CallReturned),
)


def _step_endpoint(state: None, moment: Moment, _: Case) -> tuple[None, Mark]:
    match moment:
        case CallReturned(call):
            return state, _stray(call) or EXERCISED
    return state, None


def _stray(call: Call) -> Breach | None:
    """An unknown path may still exist, such as the platform's own description: it is then answered."""
    nowhere = call.operation is None and (call.status is None or call.status in NOWHERE)
    refused = call.status in NOWHERE and not made_up(call)
    if not nowhere and not refused:
        return None
    message = f"{call.arrival.method} {quote(call.arrival.path)} is not an operation of the platform"
    return Breach(message, (at("no such operation", call),))


NOWHERE = frozenset({404, 405})
"""The statuses for an unknown path, or an unknown method of a known one."""

W2 = Clause(
    code="W2",
    name="wrong-endpoint",
    statement="call only operations that exist",
    reason="A path with a typo in it is a 404 for ever, another method a 405; neither is counted as a message.",
    advice=(
        "Join base URL and path in one place, and mind double slashes and lost prefixes such as /api/v2.",
        "Let redirects and 404 end the call with an error that names the URL.",
    ),
    stimulus="the client made a request",
    start=None,
    step=_step_endpoint,
    on=(CallReturned,),
)
