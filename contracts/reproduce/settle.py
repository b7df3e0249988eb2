"""Prepares preconditions that the recording does not contain but an answer shows, such as an earlier token or a missing scope.

They are prepared right before the request, and reported as assumptions.
"""

from __future__ import annotations

from collections.abc import Collection

from contracts.reproduce.bench import Bench
from contracts.reproduce.plan import Before
from contracts.reproduce.steps import Step
from mockserver.engine.decide import missing_scope, refuse_token, required_scopes, state_of
from mockserver.engine.model import State

PAST = {
    "alive": "its session was created before the recording began, or elsewhere",
    "aged": "its session is from before the recording began; it is assumed to be an hour old, or more, and unused",
    "used": "its session was created and used before the recording began, or elsewhere",
}


class Settler:
    """Prepares the preconditions on `bench`. `taken`: what had to be assumed, by step number; `past`: sessions created for
    that.
    """

    def __init__(self, bench: Bench, let_in: Collection[tuple[str, int]]) -> None:
        """`let_in` are the tokens that were accepted, with the order of the step."""
        self._bench = bench
        self._last_in: dict[str, int] = {}
        for token, order in let_in:
            self._last_in[token] = max(order, self._last_in.get(token, order))
        self._rejecting = False
        self._withheld: set[tuple[str, str]] = set()
        self._told: set[tuple[str, str]] = set()
        self.taken: dict[int, str] = {}
        self.past: set[str] = set()

    def before(self, action: Before) -> None:
        """Create a session that existed before."""
        step, id = action.step, action.step.session or ""
        client = self._bench.owner(step.credential.token)
        self._bench.create(id, client)
        if action.past == "used":
            self._bench.use_up(id, client)
        self.past.add(self._bench.fresh_session(id))
        self._take(step, "past", id, step.doubt or PAST[action.past])

    def settle(self, step: Step) -> None:
        """Prepare what the answer to this request requires."""
        token = step.credential.token if step.credential.form == "bearer" else None
        if token is not None:
            self._token(step, token)
            self._scope(step, token)
        if step.reason == "session.revoked":
            self._revoked(step)

    # -- tokens --------------------------------------------------------------------------------------------------------

    def _token(self, step: Step, token: str) -> None:
        if not self._bench.has_token(token):
            self._earlier(step, token)
        elif step.status == 401 and step.code != "credentials.expired" and step.fault is None:
            self._dead(step, token)
        elif self._rejecting and step.status != 401:
            self._bench.tenant.reject_tokens(False)
            self._rejecting = False

    def _earlier(self, step: Step, token: str) -> None:
        """Prepare a token whose request was not recorded."""
        if step.status == 401 and step.code != "credentials.expired":
            self._take(step, "token", token, "its token was not issued in the recording, and is assumed to be unknown")
            return
        self._bench.log_in(token, self._bench.owner(token))
        self._take(step, "token", token, "its token was issued before the recording began")
        if step.status == 401:
            self._bench.tenant.tokens.expire(self._bench.fresh_token(token))

    def _dead(self, step: Step, token: str) -> None:
        """End a token that was good, and is not any more for an unrecorded reason."""
        found = self._bench.token(token)
        if found is None:
            return
        client = self._bench.oauth_client(self._bench.owner(token))
        if refuse_token(found, self._bench.now, self._bench.policy(), client) is not None:
            return
        if self._last_in.get(token, -1) > step.order:
            self._rejecting = True
            self._bench.tenant.reject_tokens(True)
            self._take(step, "reject", "", "tokens were refused for a while, and good again later")
        else:
            self._bench.tenant.tokens.revoke(found.id)
            self._take(step, "revoked", token, "its token had been revoked, which the recording does not show")

    # -- scopes --------------------------------------------------------------------------------------------------------

    def _scope(self, step: Step, token: str) -> None:
        found = self._bench.token(token)
        if found is None or step.operation is None or step.status is None:
            return
        owner = self._bench.owner(token)
        missing = missing_scope(self._bench.oauth_client(owner), found, self._required(step))
        if step.scope_refused and missing is None:
            self._withhold(step, owner)
        elif (
            not step.scope_refused and step.status in {200, 403} and missing is not None and (owner, missing) in self._withheld
        ):
            self._withheld.discard((owner, missing))
            self._bench.tenant.clients.grant_scope(missing, self._bench.client(owner).client_id)

    def _withhold(self, step: Step, owner: str) -> None:
        for scope in self._required(step)[:1]:
            self._withheld.add((owner, scope))
            self._bench.tenant.clients.revoke_scope(scope, self._bench.client(owner).client_id)
            self._take(step, "scope", owner, f"its OAuth client lacked the scope {scope} then")

    def _required(self, step: Step) -> tuple[str, ...]:
        return required_scopes(self._bench.policy(), step.operation or "send")

    # -- sessions ------------------------------------------------------------------------------------------------------

    def _revoked(self, step: Step) -> None:
        session = self._bench.session(step.session)
        if session is not None and state_of(session, self._bench.now) is State.ACTIVE:
            self._bench.tenant.sessions.revoke(session.id)
            self._take(step, "ended", session.id, "its session had been ended from outside, which the recording does not show")

    def _take(self, step: Step, what: str, subject: str, text: str) -> None:
        """Note an assumption once for each token, client and session."""
        if (what, subject) not in self._told:
            self._told.add((what, subject))
            self.taken[step.number] = f"{self.taken[step.number]}; {text}" if step.number in self.taken else text
