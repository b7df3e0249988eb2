"""The one imperative step of the core: read, decide, commit if nothing has changed, otherwise repeat.

A call comes in as values and leaves as an Outcome, from which the answer and its journal entry are made. All exceptions are
StoreUnavailable (something may have been written) or ConflictError (nothing was).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Protocol

from mockserver import draws
from mockserver.clock import SystemClock
from mockserver.draws import Draws
from mockserver.engine.decide import Outcome, ParsedRequest, Seen, decide, decide_token
from mockserver.engine.model import DEFAULT_ORGANIZATION, UNASSIGNED, ClockState, Fault, Organization, Reason
from mockserver.errors import ConflictError
from mockserver.faults import Effect, draw
from mockserver.ids import Ids, redact_tokens, was_issued
from mockserver.journal import PendingEntry
from mockserver.stores.base import ORGANIZATION, Issue, Key, Loaded, Store, Use, Write

_UNKNOWN = Reason.SESSION_UNKNOWN

ATTEMPTS = 100
"""How often a write is tried while others change the same record. Each failed try means that another one succeeded."""

LANES = 64
"""The number of locks. Calls for the same session share one."""

PATIENCE = 2.0
"""The longest wait for such a lock, in seconds. After it, the call tries without."""


class Arriving(draws.DrawnCall, PendingEntry, Protocol):
    """A request on its way. It is the journal entry of its own arrival. `seen` is None before that."""

    effect: Effect
    seen: Seen | None


class PendingCall(Arriving, Protocol):
    """A request on its way that can make the entry of its answer."""

    def answered(self, outcome: Outcome) -> PendingEntry:
        """Return the journal entry for the answer that `outcome` leads to."""
        ...


class PlatformService:
    """The platform's operations over a store. Any thread may use it. Replicas share only the store."""

    def __init__(
        self,
        store: Store,
        system: SystemClock | None,
        ids: Ids,
        *,
        max_live_sessions: int = 1_000_000,
        restore: Callable[[PlatformService], None] | None = None,
        sink: Callable[[PendingEntry, int], None] | None = None,
    ) -> None:
        """`system` is the clock of all organisations, or None for the store's, which replicas share.

        `restore` writes the default organisation again if the store has lost it. `sink` also gets every journal entry.

        `stray` is the organisation for requests that name none.
        """
        self.store, self.ids = store, ids
        self.system = system or store.time
        self._given = system
        self.max_live_sessions = max_live_sessions
        self.stray = UNASSIGNED
        self.hide: Callable[[str], str] = redact_tokens  # the handler replaces it, because it also knows secrets
        self._restore, self._sink = restore, sink
        self._draws = Draws(store, self.look)
        self._lanes = [Lock() for _ in range(LANES)]

    def now(self, organization: Organization) -> int:
        """Return the organisation's time in milliseconds, for timestamps. Decisions use the time read with the records."""
        return organization.clock.reading(self.system())

    def moment(self) -> int | None:
        """Return the time at which to read records, None for the store's own."""
        return None if self._given is None else self._given()

    def load(self, organization: str, keys: Sequence[Key]) -> Loaded:
        """Read records at one moment."""
        return self.store.load(organization, keys, None, self.moment())

    def nobody(self) -> Seen:
        """Return the snapshot for requests that name no organisation."""
        return Seen(Organization(id=UNASSIGNED, version=0), self.system())

    def find_client(self, client_id: str) -> str | None:
        """Return the organisation of an OAuth client. If an emptied store has lost the default one, restore it first."""
        organization = self.store.find_client(client_id)
        if organization is None and self._restore is not None:
            self._restore(self)
            organization = self.store.find_client(client_id)
        return organization

    # -- arriving ----------------------------------------------------------------------------------------------------

    def arrive(self, call: PendingCall) -> Seen:
        """Read all that the call's decision needs and journal its arrival, in one round trip.

        A call that names no organisation is journalled in `stray`.
        """
        ask = call.ask
        organization = ask.organization or self.stray
        moment = None if self._given is None else self._given()
        seen = self.store.look(organization, ask.client_id, ask.bearer, ask.session_id, call, moment)
        if seen is None:
            seen = self._arrive_elsewhere(call, organization)
        call.seen = seen
        if self._sink is not None:
            self._sink(call, seen.now)
        return seen

    def look(self, ask: ParsedRequest) -> Seen:
        """Read again, after a wait or a conflict."""
        organization = ask.organization or self.stray
        seen = self.store.look(organization, ask.client_id, ask.bearer, ask.session_id, None, self.moment())
        return seen or self.nobody()

    def draw_fault(self, call: draws.DrawnCall, seen: Seen) -> Fault | None:
        """Return the fault that hits this call, after using it up in the store, so that counts hold over all replicas."""
        plan = seen.faults
        if plan is None or not plan.faults:
            return None
        left, fault = draw(plan, call.ask.operation)
        return fault if left is plan else self._draws.draw(call, seen)

    def _arrive_elsewhere(self, call: PendingCall, organization: str) -> Seen:
        """Handle an organisation that does not exist: restore it if it is the default one, else treat the call as a stray."""
        ask, moment = call.ask, self.moment()
        seen = None
        if organization == DEFAULT_ORGANIZATION and self._restore is not None:
            self._restore(self)
            seen = self.store.look(organization, ask.client_id, ask.bearer, ask.session_id, call, moment)
        if seen is None and organization != self.stray:
            seen = self.store.look(self.stray, "", "", "", call, moment)
        if seen is None:
            seen = self.nobody()
            self.store.note(UNASSIGNED, call, seen.now)
        return seen

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, call: PendingCall, seen: Seen) -> Outcome:
        """Decide a create or a send, write the result and journal the answer, all in one step."""
        outcome = self._decide(call.ask, seen)
        return outcome if self._record(call, outcome) else self._answer_again(call)

    def _decide(self, ask: ParsedRequest, seen: Seen) -> Outcome:
        seal = seen.organization.seal
        new_id = self.ids.message() if ask.operation == "send" else self.ids.session(seal)
        outcome = decide(ask, seen, new_id, self.max_live_sessions)
        if outcome.reason is _UNKNOWN and was_issued(ask.session_id, seal):
            return Outcome(Reason.SESSION_FORGOTTEN, seen, None, outcome.token)
        return outcome

    def _answer_again(self, call: PendingCall) -> Outcome:
        """Answer a call that lost a race. From now on this process's calls for the same session run one by one."""
        lane = self._lane(call.ask.session_id)
        try:
            for attempt in range(1, ATTEMPTS):
                outcome = self._decide(call.ask, self.look(call.ask))
                if self._record(call, outcome, attempt):
                    return outcome
        finally:
            if lane is not None:
                lane.release()
        raise ConflictError("the session", ATTEMPTS)

    def _lane(self, name: str) -> Lock | None:
        """Return the held lock for this name, None if it cannot be had in time."""
        lock = self._lanes[hash(name) % LANES]
        return lock if lock.acquire(timeout=PATIENCE) else None

    def grant(self, call: PendingCall, seen: Seen, secret: str, scopes: tuple[str, ...] | None) -> Outcome:
        """Decide a token request and write the token."""
        ask = call.ask
        for attempt in range(ATTEMPTS):
            outcome = decide_token(ask, seen, secret, scopes, self.ids.token(seen.organization.id, ask.client_id))
            if self._record(call, outcome, attempt):
                return outcome
            seen = self.look(ask)
        raise ConflictError("the OAuth client", ATTEMPTS)

    def refuse(self, call: PendingCall, seen: Seen, reason: Reason) -> Outcome:
        """Journal an answer that needs no decision: an unknown route, or a fault in the platform's place."""
        for _ in range(ATTEMPTS):
            outcome = Outcome(reason, seen, acted=call.effect.acts)
            if self._record(call, outcome):
                return outcome
            seen = self.look(call.ask)
        raise ConflictError("the organization", ATTEMPTS)

    def _record(self, call: PendingCall, outcome: Outcome, attempt: int = 0) -> bool:
        """Write the outcome and journal its answer. Return False if a record has changed since it was read."""
        session, token, issued, seen = outcome.session, outcome.token, outcome.issued, outcome.seen
        organization = seen.organization
        policy = organization.policy
        writes: list[Write] = []
        count: Use | Issue | None = None
        room = None
        if session is not None:
            version = session.version - 1
            writes = [Write(Key("session", session.id), version or None, session, session.ends_at)]
            room = None if version else self.max_live_sessions
        if token is not None:
            count = Use(token.id, token.version, policy.rate_limit_per_minute)
        if issued is not None and seen.client is not None:
            writes.append(Write(Key("token", issued.id), None, issued))
            count = Issue(seen.client.id, seen.client.version, policy.max_tokens_per_client)
        commit_id = call.context_id if attempt == 0 else f"{call.context_id}:{attempt}"
        noted, now = call.answered(outcome), seen.now
        left = now + call.effect.after
        if not writes and count is None:
            return self.write(organization, writes, noted, now, left)
        done = self.store.commit(  # as in `write`, without the call
            organization.id,
            writes,
            noted,
            commit_id,
            now,
            policy.retention,
            left,
            organization.version,
            False,
            count,
            room,
        )
        if done and self._sink is not None:
            self._sink(noted, left)
        return done

    def write(
        self,
        organization: Organization,
        writes: Sequence[Write],
        noted: PendingEntry | None,
        now: int,
        left: int,
        commit_id: str = "",
    ) -> bool:
        """Write records at `now`, and journal `noted` at `left`, unless a record or `organization` has changed meanwhile.

        Return False then.
        """
        id, version = organization.id, organization.version
        if writes or noted is None:
            retention = organization.policy.retention
            commit_id = commit_id or self.ids.context(id)
            done = self.store.commit(id, writes, noted, commit_id, now, retention, left, version)
        else:
            done = bool(self.store.note(id, noted, left, version or None))
        if done and noted is not None and self._sink is not None:
            self._sink(noted, left)
        return done

    def note_failure(
        self, named: str, clock: ClockState | None, arrival: PendingEntry | None, failure: PendingEntry, system: int
    ) -> None:
        """Journal that the mock failed a request at the system's time `system`.

        Its `arrival` is journalled too, if it may be missing. `clock` is the organisation's at that time, if known. Raises
        StoreUnavailable. If it is called again after that, the journal may have an entry twice.
        """
        found = self.load(named, (ORGANIZATION,)).records[0]
        if not isinstance(found, Organization):
            found = Organization(id=UNASSIGNED, version=0)
        at = (clock or found.clock).reading(system)
        if arrival is not None:
            self.store.note(found.id, arrival, at)
        self.store.note(found.id, failure, at)

    @property
    def has_sink(self) -> bool:
        """True if journal entries also go to a sink."""
        return self._sink is not None

    def sink(self, noted: PendingEntry, at: int) -> None:
        """Give an entry to the sink, if there is one."""
        if self._sink is not None:
            self._sink(noted, at)

    # -- writing -----------------------------------------------------------------------------------------------------

    def change(
        self,
        organization: Organization,
        writes: list[Write],
        noted: PendingEntry | None,
        at: int,
        system: int,
        *,
        afresh: bool = False,
    ) -> bool:
        """Write a change made from outside and journal it at `at`. `organization` must already include the writes.

        `system` is when the records were read. `afresh` forgets sessions, tokens and the journal first. Return False if a
        record has changed meanwhile.
        """
        commit_id, now = self.ids.context(organization.id), organization.clock.reading(system)
        done = self.store.commit(
            organization.id, writes, noted, commit_id, now, organization.policy.retention, at, afresh=afresh
        )
        if done and noted is not None and self._sink is not None:
            self._sink(noted, at)
        return done
