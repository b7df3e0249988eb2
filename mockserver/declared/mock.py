"""The mock of a declared platform: credentials under one lock, a movable clock, planned faults, and a journal."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace

from mockserver.clock import SystemClock, system_clock
from mockserver.declared.decide import Decision, Snapshot, decide, new, turn_away
from mockserver.engine import life
from mockserver.engine.model import ClockState, Credential
from mockserver.errors import InvalidRequest, NotFound
from mockserver.faults.effect import Effect
from mockserver.ids import Ids
from mockserver.platform.errors import suggestion
from mockserver.platform.message import Message
from mockserver.platform.model import Kind, Operation, Platform
from mockserver.wire.redaction import Secrets

MOST_CREDENTIALS = 100_000
"""The most credentials of one kind that are kept. Beyond that, those that are over are forgotten first, then the oldest."""

MOST_ENTRIES = 10_000
"""The most requests that the journal keeps."""

MOST_BYTES = 64 << 20
"""The most bytes of requests and answers that the journal keeps."""

KEPT_BODY = 64 << 10
"""The most bytes of one body that the journal keeps."""

MOST_FAULTS = 1000
"""The most faults that may be planned."""


class Entry(Struct, kw_only=True, gc=False):
    """A request and its answer, if there is one: the messages on the wire, and the platform's decision.

    `number` counts requests as they arrive; `arrived_at` and `answered_at` are milliseconds of the platform's time. `status` is
    None before the answer, and if the connection was closed without one (`delivery` says which). `acted` is false if a fault
    answered in the platform's place. `shown` and `issued` are ids by kind.
    """

    number: int
    context_id: str
    operation: str
    arrived_at: int
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes
    answered_at: int | None = None
    status: int | None = None
    answer_headers: list[tuple[str, str]] = []
    answer_body: bytes = b""
    delivery: str = "complete"
    fault: str = ""
    acted: bool = True
    shown: dict[str, str] = {}
    issued: dict[str, str] = {}
    refused_by: str = ""
    cause: str = ""
    detail: str = ""
    counted: int = 0
    """The bytes that the journal has counted for it, -1 after it was forgotten."""

    @property
    def weight(self) -> int:
        """The bytes that it keeps in memory, counting the parts whose size a client controls."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.body) + len(self.answer_body) + len(self.path) + len(self.query) + headers


class Registered(Struct, frozen=True):
    """A credential that was issued without a request, such as an OAuth client: its id, and the values bound to it.

    `scopes` are the scopes it has; None is every scope that an operation asks of it.
    """

    id: str
    bound: dict[str, str]
    scopes: tuple[str, ...] | None = None


class Planned(Struct, kw_only=True):
    """A planned fault. It skips `skip` requests of `operation` (None: any), and then hits the next `times` of them."""

    effect: Effect
    operation: str | None = None
    times: int | None = 1
    skip: int = 0


class Mock:
    """A platform's mock. Safe to use from any thread."""

    def __init__(
        self,
        platform: Platform,
        *,
        system: SystemClock | None = None,
        ids: Ids | None = None,
        registered: Mapping[str, Registered] | None = None,
        journal_entries: int = MOST_ENTRIES,
    ) -> None:
        """`system` returns milliseconds since the epoch. `registered` gives ids and secrets; missing ones are random."""
        self.platform = platform
        self.clock = ClockState()
        self.secrets = Secrets()
        self.registered: dict[str, Registered] = {}
        self._system, self._ids = system or system_clock(), ids or Ids()
        self._tables: dict[str, OrderedDict[str, Credential]] = {name: OrderedDict() for name in platform.kinds}
        self._faults: list[Planned] = []
        self._journal: deque[Entry] = deque()
        self._weight, self._most_entries = 0, journal_entries
        self._numbers, self._lock = count(1), Lock()
        for kind in platform.kinds.values():
            if kind.registered:
                self.register(kind.name, (registered or {}).get(kind.name))

    # -- time --------------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Return the platform's time in milliseconds."""
        return self.clock.reading(self._system())

    def set_clock(self, clock: ClockState) -> None:
        """Move, freeze or resume the clock."""
        self.clock = clock

    def advance(self, milliseconds: int) -> None:
        """Move the clock forward."""
        clock = self.clock
        if clock.frozen_at is None:
            self.clock = replace(clock, offset=clock.offset + milliseconds)
        else:
            self.clock = replace(clock, frozen_at=clock.frozen_at + milliseconds)

    # -- credentials -------------------------------------------------------------------------------------------------

    def kind(self, name: str) -> Kind:
        """Return a kind by its name. Raises NotFound."""
        try:
            return self.platform.kinds[name]
        except KeyError:
            raise NotFound("kind", name, suggestion(name, self.platform.kinds)) from None

    def register(self, name: str, given: Registered | None = None) -> Registered:
        """Issue a credential without a request. Missing values are random. Raises NotFound, InvalidRequest."""
        kind = self.kind(name)
        given = given or Registered("", {})
        strangers = given.bound.keys() - kind.bound.keys()
        if strangers:
            raise InvalidRequest(min(strangers), f"is not bound to {kind.a}; {suggestion(min(strangers), kind.bound)}")
        bound = {one: given.bound.get(one) or self._ids.secret() for one in kind.bound}
        made = Registered(given.id or self.mint(name), bound, given.scopes)
        with self._lock:
            scopes = self.platform.scopes_within(name) if given.scopes is None else given.scopes
            record = new(kind, made.id, self.now(), bound=tuple(made.bound.values()), scopes=scopes)
            self._put(record)
            for secret in made.bound.values():
                self.secrets.add(secret)
            self.registered[name] = made
        return made

    def credentials(self, name: str) -> list[Credential]:
        """Return the credentials of a kind that are kept, oldest first. Raises NotFound."""
        with self._lock:
            return list(self._tables[self.kind(name).name].values())

    def credential(self, name: str, id: str) -> Credential:
        """Return one credential. Raises NotFound."""
        record = self._tables[self.kind(name).name].get(id)
        if record is None:
            raise NotFound(self.kind(name).noun, id)
        return record

    def owner(self, record: Credential) -> Credential | None:
        """Return the owner of a credential, after its own owners' effect on it; None if it has none or it was forgotten."""
        within = self.platform.kinds[record.kind].within
        found = None if within is None else self._tables[within].get(record.within)
        return None if found is None else life.inherited(found, self.owner(found))

    def end(self, name: str, id: str | None = None, *, by: str = "ended") -> int:
        """End the living credentials of a kind, or the one with this id; return how many. Raises NotFound, InvalidRequest.

        `by` is ended, evicted or expired; the last two only if the kind has an answer for them.
        """
        ways = [way for way in ("ended", "evicted", "expired") if way in self.kind(name).refused or way == "ended"]
        if by not in ways:
            raise InvalidRequest("by", f"{self.kind(name).a} cannot be {by}; it can be {', '.join(ways)}")
        one = None if id is None else self.credential(name, id)
        with self._lock:
            now, ended = self.now(), 0
            for record in [one] if one is not None else list(self._tables[self.kind(name).name].values()):
                over = life.expire(record, now) if by == "expired" else life.end(record, by, now)
                if over is not record:
                    self._put(over)
                    ended += 1
            return ended

    def mint(self, kind: str) -> str:
        """Return a new id."""
        return self._ids.secret()[:24] if kind else self._ids.message()  # 18 bytes: canonical base64url

    def _put(self, record: Credential) -> None:
        table = self._tables[record.kind]
        if record.id not in table and self.platform.kinds[record.kind].duty.get("secret"):
            self.secrets.add(record.id)
        table[record.id] = record
        while len(table) > MOST_CREDENTIALS:
            now = self.now()
            over = next((id for id, one in table.items() if now >= one.ends_at), None) or next(iter(table))
            del table[over]
            self.secrets.discard(over)

    # -- faults ------------------------------------------------------------------------------------------------------

    def plan(self, fault: Planned) -> None:
        """Add a fault. Raises NotFound, InvalidRequest."""
        if fault.operation is not None and fault.operation not in self.platform.operations:
            raise NotFound("operation", fault.operation, suggestion(fault.operation, self.platform.operations))
        if len(self._faults) >= MOST_FAULTS:
            raise InvalidRequest("faults", f"{MOST_FAULTS} are waiting already; clear them first")
        self._faults.append(fault)

    def planned(self) -> list[Planned]:
        """Return the planned faults."""
        return list(self._faults)

    def clear_faults(self) -> None:
        """Forget the planned faults."""
        self._faults.clear()

    def draw(self, operation: str) -> Effect | None:
        """Return the effect of the next fault that hits a request of this operation, and use it up once; None if there is
        none."""
        with self._lock:
            for fault in self._faults:
                if fault.operation not in {None, operation}:
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault.effect
        return None

    # -- journal -----------------------------------------------------------------------------------------------------

    @property
    def journal(self) -> list[Entry]:
        """The requests that are kept, oldest first."""
        with self._lock:
            return list(self._journal)

    def context(self) -> str:
        """Return a new contextId."""
        return self._ids.context("00000000")

    def arrived(self, make: Callable[[int, int], Entry]) -> Entry:
        """Journal a request; `make` takes its number and the time."""
        with self._lock:
            entry = make(next(self._numbers), self.now())
            self._journal.append(entry)
            self._weigh(entry)
        return entry

    def answered(self, entry: Entry) -> None:
        """Count the bytes by which an entry has grown since its request arrived."""
        with self._lock:
            if entry.counted >= 0:
                self._weigh(entry)

    def _weigh(self, entry: Entry) -> None:
        weight = entry.weight
        self._weight, entry.counted = self._weight + weight - entry.counted, weight
        while len(self._journal) > 1 and (len(self._journal) > self._most_entries or self._weight > MOST_BYTES):
            oldest = self._journal.popleft()
            self._weight, oldest.counted = self._weight - oldest.counted, -1

    def find(self, context_id: str) -> Entry:
        """Return the entry of a contextId. Raises NotFound."""
        found = next((entry for entry in self.journal if entry.context_id == context_id), None)
        if found is None:
            raise NotFound("request", context_id, "the journal does not have it, or no longer")
        return found

    def reset(self) -> None:
        """Forget credentials, journal and faults, and reset the clock to the system's. Registered credentials are issued
        anew."""
        with self._lock:
            for table in self._tables.values():
                table.clear()
            for entry in self._journal:
                entry.counted = -1
            self._journal.clear()
            self._faults.clear()
            self._weight, self.clock = 0, ClockState()
        for name, registered in list(self.registered.items()):
            self.register(name, registered)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def decide(
        self, operation: Operation | None, row: str, detail: str, message: Message, entry: Entry, acts: bool
    ) -> Decision:
        """Decide a request, write the effects, and note both in its entry. Without an operation, `row` refuses it.

        If a fault keeps the platform from acting, only the ids shown are noted.
        """
        with self._lock:
            seen = self._look(operation, message)
            entry.shown = dict(seen.shown)
            if not acts:
                entry.acted = False
                return Decision(answer=self.platform.refused["route"], acted=False)
            if operation is None:
                decision = turn_away(self.platform, row, detail, seen, self.mint)
            else:
                decision = decide(self.platform, operation, message, seen, self.mint)
            for record in decision.writes.values():
                self._put(record)
            entry.issued, entry.refused_by = decision.issued, decision.refused_by
            entry.cause, entry.detail = decision.cause, decision.detail
            return decision

    def _look(self, operation: Operation | None, message: Message) -> Snapshot:
        shown: dict[str, str] = {}
        found: dict[str, Credential] = {}
        owners: dict[str, Credential] = {}
        now = self.now()
        for name in operation.carries if operation is not None else ():
            kind = self.platform.kinds[name]
            id = kind.carried[operation.name](message) if operation is not None else None
            if id is None:
                continue
            id = shown[name] = id if isinstance(id, str) else str(id)
            record = self._tables[name].get(id)
            if record is not None:
                found[name] = record
                owner = self.owner(record)
                if owner is not None:
                    owners[name] = owner
        crowds = dict(self._crowds(operation, found, owners, now)) if operation is not None else {}
        return Snapshot(now=now, shown=shown, found=found, owners=owners, crowds=crowds)

    def _crowds(
        self, operation: Operation, found: Mapping[str, Credential], owners: Mapping[str, Credential], now: int
    ) -> Iterator[tuple[str, tuple[Credential, ...]]]:
        for name in operation.issues:
            kind = self.platform.kinds[name]
            if kind.life.live is None:
                continue
            within = {record.id for record in (*found.values(), *owners.values()) if record.kind == kind.within}
            yield (
                name,
                tuple(one for one in self._tables[name].values() if now < one.ends_at and (not within or one.within in within)),
            )


def alive(mock: Mock, records: Iterable[Credential]) -> list[Credential]:
    """Return the records that are alive."""
    now = mock.now()
    return [record for record in records if not life.cause_at(record, mock.owner(record), now)]
