"""Prepares what is not a request: control events that a trace has, and preconditions that only an answer shows.

Such a precondition is an earlier token, or a missing scope. It is prepared right before the request, and reported as an
assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from contracts.replay.plan import Before
from contracts.replay.recording import RecordedStep
from contracts.replay.sandbox import EVERYBODY, Sandbox
from mockserver.engine.decide import missing_scope, refuse_token, required_scopes, state_of
from mockserver.engine.model import WRITE_SCOPE, State

PAST = {
    "alive": "its session was created before the recording began, or elsewhere",
    "aged": "its session is from before the recording began; it is assumed to be an hour old, or more, and unused",
    "used": "its session was created and used before the recording began, or elsewhere",
}


class Preconditions:
    """Prepares them in `sandbox`. `assumptions` are by step number; `past` are the sessions that were created for that."""

    def __init__(self, sandbox: Sandbox, steps: Iterable[RecordedStep]) -> None:
        self._sandbox, self._tenant = sandbox, sandbox.tenant
        self._last_accepted: dict[str | None, int] = {}
        for step in steps:
            if step.status not in {None, 401}:
                last = self._last_accepted.get(step.credential.token, step.order)
                self._last_accepted[step.credential.token] = max(step.order, last)
        self._rejecting = False
        self._withheld: set[tuple[str, str]] = set()
        self._assumed: set[tuple[str, str]] = set()
        self.assumptions: dict[int, str] = {}
        self.past: set[str] = set()

    def before(self, action: Before) -> None:
        """Create a session that existed before."""
        step, id = action.step, action.step.session or ""
        self._sandbox.create(id, self._sandbox.owner(step.credential.token), used_up=action.past == "used")
        self.past.add(self._sandbox.sessions[id])
        self._assume(step, "past", id, step.doubt or PAST[action.past])

    def settle(self, step: RecordedStep) -> None:
        """Prepare what the answer to this request requires."""
        token = step.credential.token if step.credential.form == "bearer" else None
        if token is not None:
            if token not in self._sandbox.tokens:
                self._earlier(step, token)
            elif step.status == 401 and step.code != "credentials.expired" and step.fault is None:
                self._dead(step, token)
            elif self._rejecting and step.status != 401:
                self._tenant.reject_tokens(False)
                self._rejecting = False
            self._scope(step, token)
        session = self._sandbox.session(step.session) if step.reason == "session.revoked" else None
        if session is not None and state_of(session, self._sandbox.now) is State.ACTIVE:
            self._tenant.sessions.revoke(session.id)
            self._assume(
                step, "ended", session.id, "its session had been ended from outside, which the recording does not show"
            )

    def _earlier(self, step: RecordedStep, token: str) -> None:
        """Prepare a token whose request was not recorded."""
        if step.status == 401 and step.code != "credentials.expired":
            self._assume(step, "token", token, "its token was not issued in the recording, and is assumed to be unknown")
            return
        self._sandbox.log_in(token, self._sandbox.owner(token))
        self._assume(step, "token", token, "its token was issued before the recording began")
        if step.status == 401:
            self._tenant.tokens.expire(self._sandbox.tokens[token])

    def _dead(self, step: RecordedStep, token: str) -> None:
        """End a token that was good, and is not any more for an unrecorded reason."""
        found, client = self._sandbox.token(token), self._sandbox.oauth_client(self._sandbox.owner(token))
        if found is None or refuse_token(found, self._sandbox.now, self._sandbox.policy(), client) is not None:
            return
        if self._last_accepted.get(token, -1) > step.order:
            self._rejecting = True
            self._tenant.reject_tokens(True)
            self._assume(step, "reject", "", "tokens were refused for a while, and good again later")
        else:
            self._tenant.tokens.revoke(found.id)
            self._assume(step, "revoked", token, "its token had been revoked, which the recording does not show")

    def _scope(self, step: RecordedStep, token: str) -> None:
        """Withhold a scope that the token's client lacked, or give it back."""
        found = self._sandbox.token(token)
        if found is None or step.operation is None or step.status is None:
            return
        owner = self._sandbox.owner(token)
        client_id, required = self._sandbox.client(owner).client_id, required_scopes(self._sandbox.policy(), step.operation)
        missing = missing_scope(self._sandbox.oauth_client(owner), found, required)
        if step.scope_refused and missing is None:
            for scope in required[:1]:
                self._withheld.add((owner, scope))
                self._tenant.clients.revoke_scope(scope, client_id)
                self._assume(step, "scope", owner, f"its OAuth client lacked the scope {scope} then")
        elif (
            missing is not None and step.status in {200, 403} and not step.scope_refused and (owner, missing) in self._withheld
        ):
            self._withheld.discard((owner, missing))
            self._tenant.clients.grant_scope(missing, client_id)

    def _assume(self, step: RecordedStep, what: str, subject: str, text: str) -> None:
        """Note an assumption once for each token, client and session."""
        if (what, subject) not in self._assumed:
            self._assumed.add((what, subject))
            known = self.assumptions.get(step.number)
            self.assumptions[step.number] = f"{known}; {text}" if known else text


# -- control events that a trace has -----------------------------------------------------------------------------------

Detail = dict[str, Any]


def repeat(sandbox: Sandbox, what: str, detail: Detail) -> None:
    """Repeat a control event. Clock moves, faults and restarts of a client need none, because the requests show them."""
    act = _EVENTS.get(what)
    if act is not None:
        act(sandbox, detail)


def _session(sandbox: Sandbox, detail: Detail, act: Callable[[str], object]) -> None:
    if detail.get("session") in sandbox.sessions:
        act(sandbox.sessions[detail["session"]])


def _tokens(sandbox: Sandbox, detail: Detail, act: Callable[[str | None], object]) -> None:
    recorded = detail.get("token")
    if recorded is None or recorded in sandbox.tokens:
        act(None if recorded is None else sandbox.tokens[recorded])


def _scope(sandbox: Sandbox, detail: Detail, act: Callable[[str, str], object]) -> None:
    scope, client = detail.get("scope", WRITE_SCOPE), detail.get("client_id")
    for recorded in [client] if isinstance(client, str) else list(sandbox.clients) or [EVERYBODY]:
        act(scope, sandbox.client(recorded).client_id)


def _scopes(sandbox: Sandbox, detail: Detail) -> None:
    scopes = detail.get("scopes")
    if isinstance(scopes, list):
        sandbox.tenant.clients.set_scopes(sandbox.client(detail.get("client_id")).client_id, scopes)


def _reset(sandbox: Sandbox, _: Detail) -> None:
    sandbox.tokens.clear()
    sandbox.sessions.clear()


_EVENTS: dict[str, Callable[[Sandbox, Detail], object]] = {
    "end_sessions": lambda sandbox, _: sandbox.tenant.sessions.end_all(),
    "expire_session": lambda sandbox, detail: _session(sandbox, detail, sandbox.tenant.sessions.expire),
    "revoke_session": lambda sandbox, detail: _session(sandbox, detail, sandbox.tenant.sessions.revoke),
    "expire_tokens": lambda sandbox, detail: _tokens(sandbox, detail, sandbox.tenant.tokens.expire),
    "revoke_tokens": lambda sandbox, detail: _tokens(sandbox, detail, sandbox.tenant.tokens.revoke),
    "reject_tokens": lambda sandbox, _: sandbox.tenant.reject_tokens(True),
    "accept_tokens": lambda sandbox, _: sandbox.tenant.reject_tokens(False),
    "grant_scope": lambda sandbox, detail: _scope(sandbox, detail, sandbox.tenant.clients.grant_scope),
    "revoke_scope": lambda sandbox, detail: _scope(sandbox, detail, sandbox.tenant.clients.revoke_scope),
    "set_scopes": _scopes,
    "create_client": _scopes,
    "set_policy": lambda sandbox, detail: sandbox.tenant.set_policy(detail),
    "reset": _reset,
}
"""Actions by the journal's words for them. Faults are applied to the requests that show them."""
