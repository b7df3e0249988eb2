"""The store of one process: dicts, under one lock that is held for microseconds."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from itertools import islice
from threading import Lock
from typing import Any, TypeVar

from msgspec.structs import replace

from mockserver.clock import system_clock
from mockserver.engine import life
from mockserver.engine.decide import Seen
from mockserver.engine.model import Credential, FaultPlan, Organization
from mockserver.journal import Entry, PendingEntry
from mockserver.stores.base import FORGOTTEN_A_COMMIT, Bounds, Issue, Key, Kind, Loaded, Record, Use, Write
from mockserver.stores.deadlines import NEVER, Deadlines
from mockserver.stores.places import Places

T = TypeVar("T")

VISITS = 10_000
"""The most visits to the console. Only someone with the control API's token can begin one."""

COMMITS_KNOWN = 4096
"""At least this many of the latest commits are recognised by their id."""


class MemoryStore:
    """Keeps everything in this process, and loses it when that ends."""

    shared = False

    def __init__(self, bounds: Bounds = Bounds()) -> None:
        self._bounds, self._max_ended_sessions = bounds, bounds.max_ended_sessions
        self.time = system_clock()
        self._tenants: dict[str, _Tenant] = {}
        self._organizations: dict[str, None] = {}
        self._owners: dict[str, str] = {}  # of OAuth clients
        self._commits: set[str] = set()
        self._earlier_commits: set[str] = set()
        self._visits: dict[str, int] = {}
        self._lock = Lock()

    def load(
        self, organization: str, keys: Sequence[Key], arrival: PendingEntry | None = None, system: int | None = 0
    ) -> Loaded:
        with self._lock:
            if system is None:
                system = self.time()
            tenant = self._tenants.get(organization)
            if tenant is None:
                return Loaded([None] * len(keys), 0, system)
            found: list[Record | None] = []
            records = tenant.records
            for key in keys:  # twice as fast as a comprehension
                found.append(records[key.kind].get(key.id))
            if tenant.organization is None:
                return Loaded(found, 0, system)
            at = tenant.organization.clock.reading(system)
            if at >= tenant.deadlines.due:
                tenant.deadlines.advance(at)
            if arrival is not None:
                tenant.note(arrival, at)
            return Loaded(found, tenant.deadlines.live, system)

    def look(
        self,
        organization: str,
        client_id: str,
        token: str,
        session: str,
        arrival: PendingEntry | None = None,
        system: int | None = 0,
        keys: Sequence[Key] = (),
    ) -> Seen | None:
        lock = self._lock
        lock.acquire()  # `with` costs twice as much
        try:
            tenant = self._tenants.get(organization)
            if tenant is None or (found := tenant.organization) is None:
                return None
            now = found.clock.reading(self.time() if system is None else system)
            deadlines = tenant.deadlines
            if now >= deadlines.due:
                deadlines.advance(now)
            if arrival is not None:
                tenant.noted += 1
                tenant.journal.append((now, arrival))
                if arrival.weight:
                    tenant.weigh(arrival.weight)
            client, held, live = tenant.clients.get(client_id), tenant.tokens.get(token), tenant.sessions.get(session)
            records = {}
            for key in keys:
                record = tenant.records[key.kind].get(key.id)
                if record is not None:
                    records[key.id] = record
            return Seen(found, now, client, held, live, deadlines.live, tenant.faults, records)
        finally:
            lock.release()

    def note(self, organization: str, noted: PendingEntry, at: int, version: int | None = None) -> int:
        with self._lock:
            tenant = self._tenant(organization)
            found = tenant.organization
            if version is not None and (found is None or found.version != version):
                return 0
            return tenant.note(noted, at)

    def commit(  # noqa: C901 - in one piece: a call for each part costs as much as the part
        self,
        organization: str,
        writes: Sequence[Write],
        noted: PendingEntry | None,
        commit_id: str,
        now: int,
        retention: int,
        stamp: int | None = None,
        version: int | None = None,
        afresh: bool = False,
        count: Use | Issue | None = None,
        room: int | None = None,
    ) -> bool:
        with self._lock:
            commits = self._commits
            if commit_id in commits or commit_id in self._earlier_commits:
                return True
            tenant = self._tenants.get(organization)
            if tenant is None or (found := tenant.organization) is None:
                tenant = self._founded(organization, writes, version)
                if tenant is None:
                    return False
            elif version is not None and found.version != version:
                return False
            records = tenant.records
            for write in writes:
                key = write.key
                held = records[key.kind].get(key.id)
                changed = (None if held is None else held.version) != write.expected
                if changed or (key.kind == "client" and self._owners.get(key.id, organization) != organization):
                    return False
            if room is not None and tenant.deadlines.live + len(writes) > room and tenant.is_full(writes, room, now):
                return False
            if count is not None:
                counted = tenant.counted(writes, count, now)
                if counted is None:
                    return False
                writes = counted
            if afresh:
                _former, noted = tenant.start_afresh(), None  # possibly a million sessions, which are freed after the lock
            self._apply(tenant, organization, writes, now, retention)
            if noted is not None:
                tenant.note(noted, now if stamp is None else stamp)
            commits.add(commit_id)
            if len(commits) >= COMMITS_KNOWN:
                self._earlier_commits, self._commits = commits, set()
        return True

    def records(self, organization: str, kind: Kind, limit: int = 1000, after: int = 0) -> Sequence[tuple[int, Record]]:
        with self._lock:
            tenant = self._tenants.get(organization)
            if tenant is None:
                return []
            held = tenant.records[kind]
            places = tenant.places.get(kind)
            if places is None:  # there is at most one record of this kind
                return [(1, record) for record in held.values()][:limit] if after < 1 else []
            return [(place, held[id]) for place, id in places.after(after, limit)]

    def place(self, organization: str, key: Key) -> int | None:
        with self._lock:
            tenant = self._tenants.get(organization)
            return None if tenant is None else tenant.places[key.kind].of(key.id)

    def entries(self, organization: str, after: int = 0, limit: int = 1000) -> Sequence[Entry]:
        with self._lock:
            tenant = self._tenants.get(organization)
            if tenant is None:
                return []
            first = tenant.noted - len(tenant.journal) + 1
            skipped = max(0, after + 1 - first)
            kept = list(islice(tenant.journal, skipped, skipped + limit))
        return [noted.entry(seq, at) for seq, (at, noted) in enumerate(kept, start=first + skipped)]

    def newest(self, organization: str) -> int:
        with self._lock:
            tenant = self._tenants.get(organization)
            return tenant.noted if tenant is not None and tenant.journal else 0

    def organizations(self) -> Sequence[str]:
        return list(self._organizations)

    def find_client(self, client_id: str) -> str | None:
        return self._owners.get(client_id)

    def clear(self, organization: str) -> None:
        with self._lock:
            tenant = self._tenants.pop(organization, None)
            self._organizations.pop(organization, None)
            for id in tenant.records["client"] if tenant is not None else ():
                del self._owners[id]

    def clear_journal(self, organization: str) -> None:
        with self._lock:
            if organization in self._tenants:
                self._tenants[organization].clear_journal()

    def begin_visit(self, name: str, seconds: int) -> None:
        """See Store. Beyond VISITS the oldest visit ends."""
        with self._lock:
            self._visits.pop(name, None)
            self._visits[name] = self.time() + seconds * 1000
            if len(self._visits) > VISITS:
                del self._visits[next(iter(self._visits))]

    def has_visit(self, name: str) -> bool:
        return self._visits.get(name, 0) > self.time()

    def end_visit(self, name: str) -> None:
        with self._lock:
            self._visits.pop(name, None)

    def ping(self) -> None:
        """See Store: this one is always available."""

    def close(self) -> None:
        """See Store: nothing is open."""

    def _tenant(self, organization: str) -> _Tenant:
        tenant = self._tenants.get(organization)
        if tenant is None:
            tenant = self._tenants[organization] = _Tenant(self._bounds)
        return tenant

    def _founded(self, organization: str, writes: Sequence[Write], version: int | None) -> _Tenant | None:
        """Return the tenant of an organisation that these writes create, None if they do not."""
        founds = any(write.key.kind == "organization" and write.new is not None for write in writes)
        return self._tenant(organization) if founds and version is None else None

    def _apply(self, tenant: _Tenant, organization: str, writes: Sequence[Write], now: int, retention: int) -> None:
        deadlines, sessions, credentials = tenant.deadlines, 0, 0
        if now >= deadlines.due:  # first, so that sessions end in the order of their deadlines
            deadlines.advance(now)
        for write in writes:
            kind = write.key.kind
            if kind == "session":
                sessions += 1
                _put_timed(write, now, tenant.sessions, tenant.session_places, deadlines)
            elif kind == "credential":
                credentials += 1
                if now >= tenant.credential_deadlines.due:
                    tenant.credential_deadlines.advance(now)
                _put_timed(write, now, tenant.credentials, tenant.credential_places, tenant.credential_deadlines)
            else:
                self._put(tenant, organization, write)
        if sessions and deadlines.crowded(now - retention, self._max_ended_sessions):
            tenant.forget_sessions(now - retention, sessions)
        if credentials and (
            len(tenant.credentials) > self._bounds.max_tokens
            or tenant.credential_deadlines.crowded(now - retention, self._max_ended_sessions)
        ):
            tenant.forget_credentials(now - retention, credentials)

    def _put(self, tenant: _Tenant, organization: str, write: Write) -> None:
        """Write a record other than a session, and update its indexes."""
        kind, id, new = write.key.kind, write.key.id, write.new
        places = tenant.places.get(kind)
        if new is None:
            tenant.records[kind].pop(id, None)
        else:
            counts = write.expected is not None and kind in {"token", "client"}
            tenant.records[kind][id] = _with_counts(new, tenant.records[kind][id]) if counts else new
        if places is not None:
            places.remove(id) if new is None else places.add(id)
        if kind == "token":
            tenant.forget_tokens()
        elif kind == "faults":
            tenant.faults = new if isinstance(new, FaultPlan) else None
        elif kind == "client":
            _index(self._owners, id, organization, new)
        elif kind == "organization":
            tenant.organization = new if isinstance(new, Organization) else None
            _index(self._organizations, organization, None, new)


class _Tenant:
    """The data of one organisation. If `organization` is None it does not exist, but may have a journal."""

    __slots__ = (
        "bounds",
        "clients",
        "credential_deadlines",
        "credential_places",
        "credentials",
        "deadlines",
        "faults",
        "heavy",
        "heavy_bytes",
        "journal",
        "noted",
        "organization",
        "places",
        "records",
        "session_places",
        "sessions",
        "tokens",
    )

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.noted = 0
        self.organization: Organization | None = None
        self.faults: FaultPlan | None = None
        self.clients: dict[str, Credential] = {}
        self.records: dict[Kind, dict[str, Any]] = {"organization": {}, "faults": {}, "client": self.clients}
        self.records["registered"] = {}
        self.places: dict[str, Places] = {"client": Places(), "registered": Places()}
        self._begin()

    def start_afresh(self) -> object:
        """Remove sessions, tokens and journal, however many there are, and return them."""
        former = self.sessions, self.tokens, self.session_places, self.deadlines, self.journal, self.credentials
        self._begin()
        return former

    def _begin(self) -> None:
        self.sessions: dict[str, Any] = {}
        # An OrderedDict, because removing from the front of a plain dict gets slow: it looks at every gap left there.
        self.tokens: OrderedDict[str, Credential] = OrderedDict()
        self.credentials: OrderedDict[str, Credential] = OrderedDict()
        self.credential_deadlines = Deadlines()
        self.records |= {"token": self.tokens, "session": self.sessions, "credential": self.credentials}
        self.session_places = Places(self.places.get("session"))
        self.places |= {"token": Places(self.places.get("token")), "session": self.session_places}
        self.places["credential"] = self.credential_places = Places(self.places.get("credential"))
        self.deadlines = Deadlines()
        self.journal: deque[tuple[int, PendingEntry]] = deque(maxlen=self.bounds.journal_entries)
        self.heavy: deque[tuple[int, int]] = deque()
        self.heavy_bytes = 0

    def note(self, noted: PendingEntry, at: int) -> int:
        self.noted += 1
        self.journal.append((at, noted))
        if noted.weight:
            self.weigh(noted.weight)
        return self.noted

    def clear_journal(self) -> None:
        self.journal.clear()
        self.heavy.clear()
        self.heavy_bytes = 0

    def weigh(self, weight: int) -> None:
        """Record the newest entry's weight, and forget the oldest entries beyond the limit for heavy ones."""
        self.heavy.append((self.noted, weight))
        self.heavy_bytes += weight
        while self.heavy_bytes > self.bounds.journal_bytes:
            number, weight = self.heavy.popleft()
            self.heavy_bytes -= weight
            for _ in range(number - (self.noted - len(self.journal))):
                self.journal.popleft()

    def counted(self, writes: Sequence[Write], count: Use | Issue, now: int) -> Sequence[Write] | None:
        """Count, and return the writes, with numbers for new tokens. None if the count is refused."""
        if isinstance(count, Use):
            return writes if self._use(count, now) else None
        return self._issue(writes, count)

    def is_full(self, writes: Sequence[Write], room: int, now: int) -> bool:
        """Return whether the new sessions and the live ones would be more than `room`."""
        if now >= self.deadlines.due:
            self.deadlines.advance(now)
        new = 0
        for write in writes:
            new += write.expected is None and write.key.kind == "session"
        return self.deadlines.live + new > room

    def _use(self, count: Use, now: int) -> bool:
        token = self.tokens.get(count.token)
        used = life.count_use(token, now, count.limit) if token is not None and token.version == count.version else None
        if used is not None:
            self.tokens[count.token] = used
        return used is not None

    def _issue(self, writes: Sequence[Write], count: Issue) -> Sequence[Write] | None:
        client = self.clients.get(count.client)
        if client is None or client.version != count.version:
            return None
        client = self.clients[count.client] = life.count_issue(client, count.bound)
        return [
            replace(write, new=life.numbered(write.new, client.counts.issued))
            if isinstance(write.new, Credential) and write.key.kind == "token" and write.expected is None
            else write
            for write in writes
        ]

    def forget_credentials(self, before: int, written: int) -> None:
        """Forget credentials that ended long ago, and beyond the limit the oldest."""
        deadlines, places = self.credential_deadlines, self.places["credential"]
        for id in deadlines.forget(before, self.bounds.max_ended_sessions, FORGOTTEN_A_COMMIT + written):
            del self.credentials[id]
            places.remove(id)
        while len(self.credentials) > self.bounds.max_tokens:
            id, _ = self.credentials.popitem(last=False)
            places.remove(id)
            deadlines.remove(id)

    def forget_sessions(self, before: int, written: int) -> None:
        for id in self.deadlines.forget(before, self.bounds.max_ended_sessions, FORGOTTEN_A_COMMIT + written):
            del self.sessions[id]
            self.session_places.remove(id)

    def forget_tokens(self) -> None:
        tokens = self.tokens
        while len(tokens) > self.bounds.max_tokens:
            id, _ = tokens.popitem(last=False)
            self.places["token"].remove(id)


def _put_timed(write: Write, now: int, records: dict[str, Any], places: Places, deadlines: Deadlines) -> None:
    """Write a record that ends by itself, and update its indexes."""
    id, new, ends_at = write.key.id, write.new, write.ends_at
    if new is None:
        records.pop(id, None)
        places.remove(id)
        deadlines.remove(id)
        return
    records[id] = new
    if write.expected is None:
        waiting = places.waiting
        waiting.append(id)
        if len(waiting) >= 128:
            places.settle()
    deadlines.put(id, NEVER if ends_at is None else ends_at, now)


def _with_counts(new: Record, held: Record) -> Record:
    """Return a record that is written again, with its present counts."""
    if isinstance(new, Credential) and isinstance(held, Credential):
        return replace(new, counts=held.counts, last_used=held.last_used)
    return new


def _index(index: dict[str, T], id: str, value: T, new: Record | None) -> None:
    """Add `id` to `index` if it has a record now, or remove it."""
    if new is None:
        index.pop(id, None)
    else:
        index[id] = value
