"""The one imperative step of the core: look, decide, commit if nothing has changed meanwhile, else again.

A call comes in as values and leaves as an Outcome, from which the answer and its journal entry are made. Whatever is raised
here is StoreUnavailable (nothing is known to have happened) or ConflictError (nothing has).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mockserver.clock import SystemClock
from mockserver.engine import access
from mockserver.engine.access import Issued
from mockserver.engine.decide import Ask, Outcome, Seen, decide, decide_token
from mockserver.engine.lifecycle import ends_at
from mockserver.engine.model import DEFAULT_ORGANIZATION, UNASSIGNED, Fault, Organization, Reason, Token
from mockserver.errors import ConflictError
from mockserver.faults.effect import Effect
from mockserver.faults.plan import draw
from mockserver.ids import Ids, redact_tokens, was_issued
from mockserver.journal import Noted
from mockserver.stores.base import FAULTS, Key, Store, Write

_UNKNOWN = Reason.SESSION_UNKNOWN

ATTEMPTS = 100
"""How often a write is tried while others change the same record; each failed try means that another one succeeded."""


class Call(Noted, Protocol):
    """A request on its way: its arrival is its own journal entry, and it can word the entry for its answer."""

    ask: Ask
    effect: Effect
    context_id: str

    def answered(self, outcome: Outcome) -> Noted:
        """The journal entry for the answer that `outcome` leads to."""
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
        """`restore` writes the default organisation where the store has lost it; `sink` gets every entry beside the journal.

        `stray` is the organisation that requests belong to which name none.
        """
        self.store, self.system, self.ids = store, system, ids
        self.max_live_sessions = max_live_sessions
        self.stray = UNASSIGNED
        self.hide: Callable[[str], str] = redact_tokens  # the handler knows secrets too
        self._restore, self._sink = restore, sink

    def now(self, organization: Organization) -> int:
        """The organisation's time in milliseconds."""
        return organization.clock.reading(self.system())

    def nobody(self) -> Seen:
        """What is seen of requests that name no organisation."""
        return Seen(Organization(id=UNASSIGNED), self.system())

    def find_client(self, client_id: str) -> str | None:
        """The organisation an OAuth client belongs to, the default one brought back where an emptied store has lost it."""
        organization = self.store.find_client(client_id)
        if organization is None and self._restore is not None:
            self._restore(self)
            organization = self.store.find_client(client_id)
        return organization

    # -- arriving ----------------------------------------------------------------------------------------------------

    def arrive(self, call: Call) -> Seen:
        """Reads all that the call's decision needs and journals its arrival, in one round trip. Strays are journalled apart."""
        ask = call.ask
        system, organization = self.system, ask.organization or self.stray
        seen = self.store.look(organization, ask.client_id, ask.bearer, ask.session_id, call, system())
        if seen is None:
            seen = self._arrive_elsewhere(call, organization)
        if self._sink is not None:
            self._sink(call, seen.now)
        return seen

    def look(self, ask: Ask) -> Seen:
        """Reads again, after waiting or after a conflict."""
        organization = ask.organization or self.stray
        seen = self.store.look(organization, ask.client_id, ask.bearer, ask.session_id, None, self.system())
        return seen or self.nobody()

    def draw_fault(self, call: Call, seen: Seen) -> Fault | None:
        """The fault that hits this call, used up in the store so that each hits as often as it says, over all replicas."""
        plan = seen.faults
        for attempt in range(ATTEMPTS):
            if plan is None or not plan.faults:
                return None
            left, fault = draw(plan, call.ask.operation)
            if left is plan:
                return fault
            writes = [Write(FAULTS, plan.version, left)]
            commit_id, organization = f"{call.context_id}:fault:{attempt}", seen.organization
            if self.store.commit(organization.id, writes, None, commit_id, seen.now, organization.policy.retention):
                return fault
            plan = self.look(call.ask).faults
        raise ConflictError("the fault plan", ATTEMPTS)

    def _arrive_elsewhere(self, call: Call, organization: str) -> Seen:
        """The organisation named does not exist: it may be the default one, to be restored, or the call is a stray."""
        ask, system = call.ask, self.system()
        seen = None
        if organization == DEFAULT_ORGANIZATION and self._restore is not None:
            self._restore(self)
            seen = self.store.look(organization, ask.client_id, ask.bearer, ask.session_id, call, system)
        if seen is None and organization != self.stray:
            seen = self.store.look(self.stray, "", "", "", call, system)
        if seen is None:
            seen = self.nobody()
            self.store.note(UNASSIGNED, call, seen.now)
        return seen

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call, seen: Seen) -> Outcome:
        """Decides a create or a send, writes what follows from it and journals the answer, all in one step."""
        ask = call.ask
        for attempt in range(ATTEMPTS):
            new_id = self.ids.message() if ask.operation == "send" else self.ids.session(seen.organization.seal)
            outcome = decide(ask, seen, new_id, self.max_live_sessions)
            if outcome.reason is _UNKNOWN and was_issued(ask.session_id, seen.organization.seal):
                outcome = Outcome(Reason.SESSION_FORGOTTEN, seen, None, outcome.token)
            if self._record(call, outcome, attempt):
                return outcome
            seen = self.look(ask)
        raise ConflictError("the session", ATTEMPTS)

    def grant(self, call: Call, seen: Seen, secret: str, scopes: tuple[str, ...] | None) -> Outcome:
        """Decides a token request, and writes the token it leads to."""
        ask = call.ask
        for attempt in range(ATTEMPTS):
            outcome = decide_token(ask, seen, secret, scopes, self.ids.token(seen.organization.id, ask.client_id))
            if self._record(call, outcome, attempt):
                return outcome
            seen = self.look(ask)
        raise ConflictError("the OAuth client", ATTEMPTS)

    def refuse(self, call: Call, seen: Seen, reason: Reason) -> Outcome:
        """Journals an answer that needs no decision: a route that does not exist, or a fault in the platform's place."""
        outcome = Outcome(reason, seen, acted=call.effect.acts)
        self.note(seen.organization, call.answered(outcome), seen.now + call.effect.after)
        return outcome

    def _record(self, call: Call, outcome: Outcome, attempt: int) -> bool:
        """Writes the outcome and journals its answer; False where a record has changed since it was seen."""
        session, seen = outcome.session, outcome.seen
        writes: list[Write] = []
        if session is not None:
            version = session.version - 1
            writes.append(Write(Key("session", session.id), version or None, session, ends_at(session)))
        if outcome.token is not None:
            writes.append(Write(Key("token", outcome.token.value), outcome.token.version - 1, outcome.token))
        if outcome.issued is not None:
            writes.extend(self._token_writes(seen, outcome.issued))
        noted, left = call.answered(outcome), seen.now + call.effect.after
        if not writes:
            self.note(seen.organization, noted, left)
            return True
        commit_id = call.context_id if attempt == 0 else f"{call.context_id}:{attempt}"
        organization = seen.organization
        done = self.store.commit(organization.id, writes, noted, commit_id, seen.now, organization.policy.retention, left)
        if done and self._sink is not None:
            self._sink(noted, left)
        return done

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
        if self._sink is not None:
            self._sink(noted, at)

    def change(self, organization: Organization, writes: list[Write], noted: Noted | None, at: int) -> bool:
        """Writes what no call asked for, with its journal entry stamped `at`; `organization` is as it is with these writes.

        False where a record has changed meanwhile.
        """
        commit_id, now = self.ids.context(organization.id), self.now(organization)
        done = self.store.commit(organization.id, writes, noted, commit_id, now, organization.policy.retention, at)
        if done and noted is not None and self._sink is not None:
            self._sink(noted, at)
        return done
