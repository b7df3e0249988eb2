"""The reason in a sentence, what would have been accepted instead, and by how much the request missed it."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.engine.decide import required_scopes
from mockserver.engine.model import NEVER, Policy, Reason, State
from mockserver.explain.advice import looks_issued
from mockserver.explain.case import RequestCase, when
from mockserver.explain.guards import REFUSED_BY
from mockserver.explain.model import SessionLife
from mockserver.explain.words import plural, span
from mockserver.journal import SESSION_ID, Perturbed
from mockserver.journal_queries import Pair
from mockserver.reasons import RECORDS

WHY: dict[Reason, str] = {reason: told.why for reason, told in RECORDS.items()}


def summary(case: RequestCase, life: SessionLife | None) -> str:
    """Return what happened to the request, in a sentence or two."""
    if case.reason is None:
        return "No answer is journalled: the request is still on its way (a latency fault, say), or the store has lost it."
    told = [WHY[case.reason], _detail(case, life), _failure(case)]
    fault = case.answer.fault if case.answer is not None else None
    if fault and case.reason is not Reason.FAULT:
        told.append(f"A fault was applied to the answer: {fault}.")
    return " ".join(part for part in told if part)


def _failure(case: RequestCase) -> str:
    """Return that the client got another answer than the platform's, or ""."""
    answer = case.answer
    if answer is None or answer.failure in {None, answer.reason}:
        return ""
    return f"The client does not know: the mock itself failed and answered {answer.status} {answer.failure}."


def _detail(case: RequestCase, life: SessionLife | None) -> str:
    """Return the facts of this particular request."""
    tell = _DETAILS.get(case.reason) if case.reason is not None else None
    return tell(case, life) if tell is not None else ""


def _message(case: RequestCase, _life: SessionLife | None) -> str:
    """Return the answer's message, which names what is wrong."""
    body = case.answer.body if case.answer is not None else None
    message = body.get("message") or body.get("description") if isinstance(body, dict) else None
    return f"The answer says: {message}" if message else ""


def _first_cause(_case: RequestCase, life: SessionLife | None) -> str:
    cause = life.first_cause if life is not None else None
    if cause is None:
        return ""
    return f"It ended {span(cause.before * 1000)} before this request, {cause.what}."


def _unknown(case: RequestCase, _life: SessionLife | None) -> str:
    is_likely = case.session_id is not None and looks_issued(case.session_id)
    return "It was made up, or another organisation issued it." if is_likely else ""


def _accepted(case: RequestCase, _life: SessionLife | None) -> str:
    session = case.session
    if session is None:
        return ""
    age = f"The session was {span(case.acted - session.issued_at)} old"
    return f"{age} and is consumed by it." if session.left == 0 else f"{age}."


def _created(case: RequestCase, _life: SessionLife | None) -> str:
    policy = case.granted
    return f"It takes {plural(policy.handshakes, 'message')}, within {span(min(policy.idle_timeout, policy.ttl))}."


def _literal(case: RequestCase, _life: SessionLife | None) -> str:
    literal = case.arrival.credential.literal
    return f"The header has {literal!r} in place of a token." if literal else ""


def _token(case: RequestCase, _life: SessionLife | None) -> str:
    """Return the history of the token that the request showed, as far as it is in the journal."""
    issue = case.issue
    if issue is None:
        return ""
    told = f"The token was issued {span(case.acted - when(issue))} before, in request {issue.arrival.context_id}."
    act = _act_on_token(case, issue)
    return f"{told} The control API {_TOKEN_ACTS[act.what]} {span(case.acted - act.at)} before." if act else told


def _act_on_token(case: RequestCase, issue: Pair) -> Perturbed | None:
    """Return the change from outside for which the token was refused, None if it was refused for something else."""
    what, told, answer = _ACTS.get(case.reason or ""), issue.answer, case.answer
    if told is None or answer is None:
        return None
    over = NEVER if told.token_expires_in is None else when(issue) + 1000 * told.token_expires_in
    acts = [
        entry
        for entry in case.perturbed
        if entry.what == what
        and entry.seq < answer.seq
        and entry.detail.get("token") in {None, told.token}
        and (what == "reject_tokens" or (told.seq < entry.seq and entry.at < over))
    ]
    if not acts:
        return None
    return acts[-1] if what == "reject_tokens" else acts[0]


_TOKEN_ACTS = {"expire_tokens": "expired tokens", "revoke_tokens": "revoked tokens", "reject_tokens": "began to reject tokens"}

_ACTS: dict[str, str] = {
    Reason.AUTH_EXPIRED: "expire_tokens",
    Reason.AUTH_REVOKED: "revoke_tokens",
    Reason.AUTH_REJECTED: "reject_tokens",
}
"""The change from outside that leads to a refusal of a token."""


def _fault(case: RequestCase, _life: SessionLife | None) -> str:
    return f"The fault: {case.answer.fault}." if case.answer is not None and case.answer.fault else ""


_DETAILS: dict[Reason, Callable[[RequestCase, SessionLife | None], str]] = {
    Reason.MESSAGE_ACCEPTED: _accepted,
    Reason.SESSION_CREATED: _created,
    Reason.AUTH_MISSING: _literal,
    Reason.AUTH_MALFORMED: _literal,
    Reason.AUTH_UNKNOWN: _literal,
    Reason.AUTH_EXPIRED: _token,
    Reason.AUTH_IDLE: _token,
    Reason.AUTH_REVOKED: _token,
    Reason.AUTH_EVICTED: _token,
    Reason.AUTH_REJECTED: _token,
    Reason.SCOPE_MISSING: _message,
    Reason.MEDIA_TYPE: _message,
    Reason.TOO_LARGE: _message,
    Reason.NOT_JSON: _message,
    Reason.INVALID: _message,
    Reason.RATE_LIMITED: _message,
    Reason.SESSION_CONSUMED: _first_cause,
    Reason.SESSION_IDLE: _first_cause,
    Reason.SESSION_EXPIRED: _first_cause,
    Reason.SESSION_REVOKED: _first_cause,
    Reason.SESSION_UNKNOWN: _unknown,
    Reason.OAUTH_UNKNOWN_CLIENT: _message,
    Reason.OAUTH_INVALID_REQUEST: _message,
    Reason.FAULT: _fault,
}


def accepted_if(case: RequestCase, life: SessionLife | None) -> str | None:
    """Return which request would have been accepted, None if this one was."""
    guard = REFUSED_BY[case.reason] if case.reason is not None else None
    if guard is None:
        return None
    told = _ACCEPTED[guard](case) + _as_now(case, guard)
    dead = _dead_too(case, life) if guard != "session" and case.arrival.operation == "send" else None
    return f"{told} It would also have needed another session: {dead}" if dead else told


def _as_now(case: RequestCase, guard: str) -> str:
    """Return a note that the current policy was used, if it may differ from the request's."""
    if guard == "session" and _is_granted(case):
        return ""
    return " (Based on the current policy.)" if case.set_since & _GOES_BY.get(guard, set()) else ""


_GOES_BY = {
    "authentication": {"token_ttl", "token_idle_timeout"},
    "scope": {"create_scopes", "send_scopes"},
    "size": {"max_body"},
    "body": {"max_text"},
    "session": {"ttl", "idle_timeout", "handshakes"},
}
"""The policy values that each guard's sentence depends on."""


def _is_granted(case: RequestCase) -> bool:
    """Return whether the store still has the session's own limits, and the session belongs to this OAuth client."""
    return case.known == "remembered" and case.reason is not Reason.SESSION_FOREIGN


def _dead_too(case: RequestCase, life: SessionLife | None) -> str | None:
    """Return why the session guard, which was not reached, would have refused the request too."""
    if life is None:
        return None
    if life.first_cause is None:
        return "this id was never issued by this mock." if life.known == "never issued" else "this one is forgotten."
    if life.client_id and case.client_id and life.client_id != case.client_id:
        return "this one belongs to another OAuth client."
    cause = life.first_cause
    return f"this one had ended {span(cause.before * 1000)} before, {cause.what}." if cause.before >= 0 else None


def _authentication(case: RequestCase) -> str:
    policy = case.policy
    idle = f" and used within the last {span(policy.token_idle_timeout)}" if policy.token_idle_timeout else ""
    return (
        f"The same request with a bearer token that this mock issued less than {span(policy.token_ttl)} before{idle} and "
        "that was neither revoked nor evicted."
    )


def _scope(case: RequestCase) -> str:
    if case.arrival.operation == "token":
        return "A token request without `scope`, or with scopes that the OAuth client has."
    scopes = " ".join(required_scopes(case.policy, case.arrival.operation or "send"))
    return f"The same request from an OAuth client that has {scopes}, with a token that was not narrowed to fewer scopes."


def _media_type(case: RequestCase) -> str:
    media = "application/x-www-form-urlencoded" if case.arrival.operation == "token" else "application/json"
    return f"The same body with Content-Type: {media}, in UTF-8."


def _body(case: RequestCase) -> str:
    if case.arrival.operation == "create":
        return 'No body, or {"guest": {"name": …, "email": …}} with at most 254 characters each.'
    longest = case.policy.max_text
    return f'{{"{SESSION_ID}": …, "text": …}}: an id that is not empty, and a text of 1 to {longest} characters.'


def _rate(case: RequestCase) -> str:
    after = case.answer.retry_after if case.answer is not None else None
    return f"The same request {after or 1} s later: when Retry-After has passed."


def fresh(policy: Policy) -> str:
    """Return a description of the session ids that are accepted."""
    used = "not yet used" if policy.handshakes == 1 else f"used fewer than {policy.handshakes} times"
    age = f"created by this OAuth client less than {span(min(policy.idle_timeout, policy.ttl))} before"
    if policy.handshakes > 1:
        age = (
            f"created by this OAuth client less than {span(policy.ttl)} before, with a message accepted in the last "
            f"{span(policy.idle_timeout)} (or no older than that)"
        )
    return f"A send with a session id {age}, {used}."


_ACCEPTED: dict[str, Callable[[RequestCase], str]] = {
    "authentication": _authentication,
    "scope": _scope,
    "media type": _media_type,
    "size": lambda case: f"A body of at most {case.policy.max_body} bytes.",
    "body": _body,
    "form": lambda _: "The form field grant_type=client_credentials, each field at most once.",
    "client credentials": lambda _: "Id and secret of an OAuth client of this mock, by HTTP Basic or as form fields.",
    "rate limit": _rate,
    "session": lambda case: fresh(case.granted if _is_granted(case) else case.policy),
    "route": lambda _: "A POST to one of the paths in /openapi.json.",
    "room for requests that wait": lambda _: "The same request once fewer requests wait at the mock.",
    "room for bodies": lambda _: "The same request once fewer large bodies are on their way.",
    "capacity": lambda _: "The same request once older sessions have ended.",
    "store": lambda _: "The same request once the store answers again.",
    "the mock itself": lambda _: "The same request, without the failure of the mock.",
    "fault": lambda _: "Unknown: the request did not reach the platform. The fault is used up by now, or can be cleared.",
}


def missed(case: RequestCase, life: SessionLife | None) -> str | None:
    """Return by how much the request missed acceptance, None if that is not a matter of time."""
    guard = REFUSED_BY[case.reason] if case.reason is not None else None
    if guard != "session" or life is None or life.first_cause is None or case.reason is Reason.SESSION_FOREIGN:
        return None
    cause, used = life.first_cause, case.reason is Reason.SESSION_CONSUMED
    told = f"It was used {span(cause.before * 1000)} before." if used else f"It came {span(cause.before * 1000)} too late."
    later = [f"{_LATER[other.state]} {span(other.before * 1000)} before" for other in life.later_causes if other.before >= 0]
    return f"{told} It would have failed anyway: {', '.join(later)}." if later else told


_LATER = {
    State.REVOKED: "it was revoked",
    State.CONSUMED: "it was used up",
    State.IDLE: "its idle timeout was over",
    State.EXPIRED: "its time to live was over",
}
