"""Is another try allowed, and when? What a refusal tells, and what must not follow it."""

from __future__ import annotations

from contracts.clauses.words import at
from contracts.history import Call, CallLeft, CallReturned, Effect, Intent, IntentEnded, Moment, WorldChanged
from contracts.judge import EXERCISED, Breach, Case, Clause, Evidence, Mark

GRANTS = frozenset({"grant_scope", "revoke_scope", "set_scopes", "set_policy"})
"""Perturbations that change what the client is allowed: after one of them, a new try is fair."""


def scope_refusal(intent: Intent, since: int, place: int) -> Call | None:
    """The first call of the intent that was told, after `since` and before `place`, that a scope is missing."""
    known = (call for call in intent.calls if call.scope_refused and call.was_over(place))
    return next((call for call in known if not call.was_over(since)), None)


def _step_scope(changed: int, moment: Moment, _: Case) -> tuple[int, Mark]:
    """The state is the place of the last grant change."""
    match moment:
        case WorldChanged(entry, place) if entry.what in GRANTS:
            return place, None
        case CallReturned(call) if call.scope_refused and call.intent is not None:
            return changed, EXERCISED
        case CallLeft(call, place) if call.intent is not None and call.operation in {"create", "send"}:
            return changed, _scope_retry(call, scope_refusal(call.intent, changed, place))
        case IntentEnded(intent, place) if intent.outcome == "accepted":
            return changed, _scope_denied(intent, scope_refusal(intent, changed, place))
    return changed, None


def _scope_retry(call: Call, refused: Call | None) -> Mark:
    if refused is None:
        return None
    message = f"a {call.operation} followed a 403 that told the client a scope is missing"
    return Breach(message, (at("scope refused", refused), at("tried again", call)))


def _scope_denied(intent: Intent, refused: Call | None) -> Mark:
    """Success may be reported where it was one: that a scope went missing afterwards does not undo it."""
    if refused is None or intent.ended_seq is None or any(call.effect is Effect.CONSUMED for call in intent.calls):
        return None
    message = "the client reported success after a 403 that told it a scope is missing"
    return Breach(message, (at("scope refused", refused), Evidence("reported success", intent.ended_seq)))


R3 = Clause(
    code="R3",
    name="scope-retried",
    statement="stop after a 403 for a missing scope, and report failure",
    reason="A missing scope is mended by an administrator, not by a retry: the 403 with the code app.not.authorized.for.scope"
    " comes again however often the client asks, and each try counts against the rate limit.",
    advice=(
        "Tell the two 403s apart by `code`: app.not.authorized.for.scope means give up and say so.",
        "Name the scope in the error you raise, so that whoever runs the integration can grant it: webchat:session:write.",
    ),
    stimulus="a 403 for a missing scope reached the client while it was at work on a message",
    start=-1,
    step=_step_scope,
    on=(CallLeft, CallReturned, IntentEnded, WorldChanged),
    needs_intents=True,
)
