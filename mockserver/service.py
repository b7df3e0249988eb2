"""The one imperative step of the core: load, decide, commit if nothing has changed meanwhile, else again.

A call comes in as values and leaves as an Outcome, from which the answer and its journal entry are made. Whatever is raised
here is StoreUnavailable (nothing is known to have happened) or ConflictError (nothing has).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from msgspec import Struct

from mockserver.clock import SystemClock
from mockserver.engine import access
from mockserver.engine.access import Issued
from mockserver.engine.decide import Ask, Seen, decide, form_refusal, lacking
from mockserver.engine.lifecycle import end_of
from mockserver.engine.model import (
    DEFAULT_ORGANIZATION,
    UNASSIGNED,
    Fault,
    FaultPlan,
    OAuthClient,
    Organization,
    Reason,
    Session,
    Token,
)
from mockserver.errors import ConflictError
from mockserver.faults.effect import Effect
from mockserver.faults.plan import draw
from mockserver.ids import Ids, was_issued
from mockserver.journal import Noted
from mockserver.stores.base import FAULTS, ORGANIZATION, Key, Loaded, Record, Store, Write

R = TypeVar("R", bound=Record)

ATTEMPTS = 100
"""How often a write is tried while others change the same record; each failed try means that another one succeeded."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of a call: the reason, what was seen, and what was written. `at` in milliseconds on the organisation's clock.

    `before` and `session` are the session as seen and as written (None: none, or unchanged); `usage` the rate limit's count
    where the policy sets one; `lacking` the missing scope; `message_id` the accepted message's; `issued` a new token.
    """

    reason: Reason
    at: int
    seen: Seen
    acted: bool = True
    session: Session | None = None
    token: Token | None = None
    lacking: str | None = None
    message_id: str = ""
    issued: Issued | None = None

    @property
    def before(self) -> Session | None:
        """The session as it was when the decision was made."""
        return self.seen.session


class Call(Noted, Protocol):
    """A request on its way: its arrival is its own journal entry, and it can word the entry for its answer."""

    @property
    def context_id(self) -> str:
        """Unique to the request."""
        ...

    def answered(self, outcome: Outcome, effect: Effect) -> Noted:
        """The journal entry for the answer that `outcome` leads to under a fault's `effect`."""
        ...


class Platform:
    """The platform's operations over a store. Safe to use from any thread; replicas share nothing but the store."""

    def __init__(
        self,
        store: Store,
        system: SystemClock,
        ids: Ids,
        *,
        max_live_sessions: int = 1_000_000,
        restore: Callable[[Platform], None] | None = None,
        sink: Callable[[Noted, int], None] | None = None,
    ) -> None:
        """`restore` writes the default organisation where the store has lost it; `sink` gets every entry beside the journal."""
        self.store, self.system, self.ids = store, system, ids
        self.max_live_sessions = max_live_sessions
        self.stray = UNASSIGNED
        self._restore, self._sink = restore, sink

    def now(self, organization: Organization) -> int:
        """The organisation's time in milliseconds."""
        return organization.clock.reading(self.system())

    def find_client(self, client_id: str) -> str | None:
        """The organisation an OAuth client belongs to, the default one brought back where an emptied store has lost it."""
        organization = self.store.find_client(client_id)
        if organization is None and self._restore is not None:
            self._restore(self)
            organization = self.store.find_client(client_id)
        return organization

    # -- arriving ----------------------------------------------------------------------------------------------------

    def arrive(self, call: Call, ask: Ask) -> tuple[Seen, FaultPlan | None]:
        """Reads all that the call's decision needs and journals its arrival, in one round trip. Strays are journalled apart."""
        loaded = self._load(ask, call)
        organization = loaded.records[0]
        if isinstance(organization, Organization):
            self._tell(call, self.now(organization))
            return _seen(loaded), _plan(loaded)
        return self._arrive_stray(call)

    def look(self, ask: Ask) -> Seen:
        """Reads again, after waiting or after a conflict."""
        loaded = self._load(ask, None)
        return _seen(loaded) if loaded.records[0] is not None else Seen(self.nobody())

    def draw_fault(self, seen: Seen, plan: FaultPlan | None, ask: Ask, call: Call) -> Fault | None:
        """The fault that hits this call, used up in the store so that each hits as often as it says, over all replicas."""
        organization = seen.organization
        for attempt in range(ATTEMPTS):
            if plan is None or not plan.faults:
                return None
            left, fault = draw(plan, ask.operation)
            if left is plan:
                return fault
            write = Write(FAULTS, plan.version, left)
            if self._write(organization, [write], None, f"{call.context_id}:fault:{attempt}", self.now(organization)):
                return fault
            plan = _record(self.store.load(organization.id, (FAULTS,)), 0, FaultPlan)
        raise ConflictError("the fault plan", ATTEMPTS)

    def _load(self, ask: Ask, call: Call | None) -> Loaded:
        organization = ask.organization or self.stray
        loaded = self.store.load(organization, _keys(ask), call, self.system())
        if organization == DEFAULT_ORGANIZATION and loaded.records[0] is None and self._restore is not None:
            self._restore(self)
            loaded = self.store.load(organization, _keys(ask), call, self.system())
        return loaded

    def _arrive_stray(self, call: Call) -> tuple[Seen, FaultPlan | None]:
        loaded = self.store.load(self.stray, (ORGANIZATION, FAULTS), call, self.system())
        adopted = loaded.records[0]
        organization = adopted if isinstance(adopted, Organization) else self.nobody()
        now = self.now(organization)
        if adopted is None:
            self.store.note(UNASSIGNED, call, now)
        self._tell(call, now)
        return Seen(organization), _record(loaded, 1, FaultPlan)

    @staticmethod
    def nobody() -> Organization:
        """Stands for the organisation of requests that name none."""
        return Organization(id=UNASSIGNED)

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call, ask: Ask, seen: Seen, effect: Effect) -> Outcome:
        """Decides a create or a send, writes what follows from it and journals the answer, all in one step."""
        for attempt in range(ATTEMPTS):
            outcome = self._decide(ask, seen)
            if self._record(call, seen, outcome, effect, attempt):
                return outcome
            seen = self.look(ask)
        raise ConflictError("the session", ATTEMPTS)

    def grant(self, call: Call, ask: Ask, secret: str, scopes: tuple[str, ...] | None, seen: Seen, effect: Effect) -> Outcome:
        """Decides a token request whose form could be read, and writes the token it leads to."""
        for attempt in range(ATTEMPTS):
            outcome = self._decide_token(ask, secret, scopes, seen)
            if self._record(call, seen, outcome, effect, attempt):
                return outcome
            seen = self.look(ask)
        raise ConflictError("the OAuth client", ATTEMPTS)

    def refuse(self, call: Call, seen: Seen, reason: Reason, effect: Effect) -> Outcome:
        """Journals an answer that needs no decision: a route that does not exist, a form that cannot be read, a fault."""
        outcome = Outcome(reason=reason, at=self.now(seen.organization), seen=seen, acted=effect.acts)
        self.note(seen.organization, call.answered(outcome, effect), outcome.at + effect.after)
        return outcome

    def _decide(self, ask: Ask, seen: Seen) -> Outcome:
        now = self.now(seen.organization)
        send = ask.operation == "send"
        new_id = "" if send else self.ids.session(seen.organization.seal)
        reason, session, token = decide(ask, seen, now, new_id, self.max_live_sessions)
        if reason is Reason.SESSION_UNKNOWN and was_issued(ask.session_id, seen.organization.seal):
            reason = Reason.SESSION_FORGOTTEN
        return Outcome(
            reason=reason,
            at=now,
            seen=seen,
            session=session,
            token=token,
            lacking=lacking(ask, seen) if reason is Reason.SCOPE_MISSING else None,
            message_id=self.ids.message() if session is not None and send else "",
        )

    def _decide_token(self, ask: Ask, secret: str, scopes: tuple[str, ...] | None, seen: Seen) -> Outcome:
        now, client = self.now(seen.organization), seen.client
        refused = form_refusal(ask, seen, now) or access.check_secret(client, secret)
        if refused is None and client is not None and not access.grantable(client, scopes):
            refused = Reason.OAUTH_INVALID_SCOPE
        if refused is not None or client is None:
            return Outcome(reason=refused or Reason.OAUTH_UNKNOWN_CLIENT, at=now, seen=seen)
        value = self.ids.token(seen.organization.id, client.id)
        issued = access.issue(value, client, scopes, now, seen.organization.policy)
        return Outcome(reason=Reason.TOKEN_ISSUED, at=now, seen=seen, issued=issued)

    def _record(self, call: Call, seen: Seen, outcome: Outcome, effect: Effect, attempt: int) -> bool:
        writes = self._writes(seen, outcome)
        noted = call.answered(outcome, effect)
        left = outcome.at + effect.after
        if not writes:
            self.note(seen.organization, noted, left)
            return True
        commit_id = call.context_id if attempt == 0 else f"{call.context_id}:{attempt}"
        done = self._write(seen.organization, writes, noted, commit_id, left)
        if done:
            self._tell(noted, left)
        return done

    def _writes(self, seen: Seen, outcome: Outcome) -> list[Write]:
        writes: list[Write] = []
        session, token, issued = outcome.session, outcome.token, outcome.issued
        if session is not None:
            expected = None if session.version == 1 else session.version - 1
            writes.append(Write(Key("session", session.id), expected, session, end_of(session).at))
        if token is not None:
            writes.append(Write(Key("token", token.value), token.version - 1, token))
        if issued is not None:
            writes.extend(self._token_writes(seen, issued))
        return writes

    def _token_writes(self, seen: Seen, issued: Issued) -> list[Write]:
        """The new token, and where the policy bounds their number, the client that remembers it and the tokens it evicts."""
        writes = [Write(Key("token", issued.token.value), None, issued.token)]
        if issued.client is not None:
            writes.append(Write(Key("client", issued.client.id), issued.client.version - 1, issued.client))
        if issued.evicts:
            evicted = self.store.load(seen.organization.id, [Key("token", value) for value in issued.evicts]).records
            for token in evicted:
                if isinstance(token, Token) and token.ended_by is None:
                    writes.append(Write(Key("token", token.value), token.version, access.end(token, Reason.AUTH_EVICTED)))
        return writes

    # -- writing -----------------------------------------------------------------------------------------------------

    def note(self, organization: Organization, noted: Noted, at: int) -> None:
        """Journals an entry that comes with no write."""
        self.store.note(organization.id, noted, at)
        self._tell(noted, at)

    def change(self, organization: Organization, writes: list[Write], noted: Noted | None, at: int) -> bool:
        """Writes what no call asked for, with its journal entry stamped `at`; `organization` is as it is with these writes.

        False where a record has changed meanwhile.
        """
        commit_id, now = self.ids.context(organization.id), self.now(organization)
        done = self.store.commit(organization.id, writes, noted, commit_id, now, organization.policy.retention, at)
        if done and noted is not None:
            self._tell(noted, at)
        return done

    def _write(self, organization: Organization, writes: list[Write], noted: Noted | None, commit_id: str, now: int) -> bool:
        return self.store.commit(organization.id, writes, noted, commit_id, now, organization.policy.retention)

    def _tell(self, noted: Noted, at: int) -> None:
        if self._sink is not None:
            self._sink(noted, at)


def _keys(ask: Ask) -> tuple[Key, ...]:
    """What a call's decision needs, in the order `_seen` reads it."""
    if ask.operation == "token":
        return (ORGANIZATION, FAULTS, Key("client", ask.client_id))
    access_keys = (ORGANIZATION, FAULTS, Key("client", ask.client_id), Key("token", ask.bearer))
    return (*access_keys, Key("session", ask.session_id)) if ask.operation == "send" else access_keys


def _record(loaded: Loaded, place: int, kind: type[R]) -> R | None:
    record = loaded.records[place] if place < len(loaded.records) else None
    return record if isinstance(record, kind) else None


def _plan(loaded: Loaded) -> FaultPlan | None:
    return _record(loaded, 1, FaultPlan)


def _seen(loaded: Loaded) -> Seen:
    organization = _record(loaded, 0, Organization)
    assert organization is not None  # callers have looked
    return Seen(
        organization,
        _record(loaded, 2, OAuthClient),
        _record(loaded, 3, Token),
        _record(loaded, 4, Session),
        loaded.live_sessions,
    )
