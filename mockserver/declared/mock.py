"""The mock of a declared platform on a store: what replicas share is what the web chat's share.

A request is read and journalled in one step, and decided and written in another. If a record has changed in between, it is
decided again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.clock import SystemClock
from mockserver.control.clock import Clock
from mockserver.control.editor import FAULT_PLANS, Editor
from mockserver.control.faults import MAX_FAULTS
from mockserver.declared.decide import Decision, Snapshot, decide, new, struck, turn_away
from mockserver.declared.entries import AnswerNote, Recorded, recorded, told_as
from mockserver.engine import life
from mockserver.engine.decide import Seen
from mockserver.engine.model import DEFAULT_ORGANIZATION, ClockState, Credential, Fault, FaultPlan, Organization, Policy
from mockserver.errors import ConflictError, InvalidRequest, NotFound
from mockserver.exchanges import Reader
from mockserver.ids import Ids
from mockserver.journal import Noted
from mockserver.platform.errors import suggestion
from mockserver.platform.model import Kind, Operation, Platform
from mockserver.service import ATTEMPTS
from mockserver.service import Platform as Service
from mockserver.stores.base import FAULTS, ORGANIZATION, Bounds, Key, Store, Write
from mockserver.stores.memory import MemoryStore
from mockserver.wire.message import Response
from mockserver.wire.redaction import SHORTEST_SECRET, Secrets

if TYPE_CHECKING:
    from mockserver.declared.handler import Call

BOUNDS = Bounds(max_ended_sessions=50_000, journal_entries=20_000, max_tokens=100_000, journal_bytes=64 << 20)
"""Of 100,000 credentials at most half are over, so those that live are forgotten only if very many do. The journal has two
entries for a request."""

FOR_EVER = 10 * 365 * 86_400_000
"""How long a credential that has ended is remembered, in milliseconds."""

_PLACES = (ORGANIZATION, FAULTS)


class Registered(Struct, frozen=True):
    """A credential that was issued without a request, such as an OAuth client: its id, and the values bound to it.

    `scopes` are the scopes it has; None is every scope that an operation asks of it.
    """

    id: str
    bound: dict[str, str]
    scopes: tuple[str, ...] | None = None


class Mock:
    """A platform's mock in one organisation of a store. Any thread may use it."""

    def __init__(
        self,
        platform: Platform,
        *,
        store: Store | None = None,
        system: SystemClock | None = None,
        ids: Ids | None = None,
        registered: Mapping[str, Registered] | None = None,
        sink: Callable[[Noted, int], None] | None = None,
    ) -> None:
        """`system` returns milliseconds since the epoch; None is the store's clock. `sink` also gets every journal entry.

        `registered` gives ids and secrets. Missing ones are those that the store has, or else random.
        """
        self.platform, self.ids = platform, ids or Ids()
        self.store = store or MemoryStore(BOUNDS)
        self.secrets = Secrets()
        self._learning = Lock()
        self.registered: dict[str, Registered] = {}
        self._given = dict(registered or {})
        self.service = Service(self.store, system, self.ids, restore=lambda _: self.restore(), sink=sink)
        self.organization = DEFAULT_ORGANIZATION
        self.editor = Editor(self.service, self.organization)
        self.clock = Clock(self.editor)
        self.restore()

    def restore(self) -> None:
        """Write what a store needs that is new, or was emptied, in one step; else read what it has registered."""
        for _ in range(ATTEMPTS):
            try:
                self._furnish()
            except NotFound:  # it was emptied meanwhile
                continue
            return
        raise ConflictError("the organization", ATTEMPTS)

    def _furnish(self) -> None:
        organization = Organization(id=self.organization, name="default", policy=Policy(retention=FOR_EVER))
        writes = [Write(ORGANIZATION, None, organization), Write(FAULTS, None, FaultPlan())]
        kinds = [kind for kind in self.platform.kinds.values() if kind.registered]
        known = {kind.name: self.registered.get(kind.name) or self._given.get(kind.name) for kind in kinds}
        made = {kind.name: self._made(kind, known[kind.name]) for kind in kinds}
        for kind in kinds:
            record = self._record(kind, made[kind.name], organization.clock.reading(self.service.system()))
            writes.append(Write(self.key(kind.name, record.id), None, record))
        commit_id = self.ids.context(self.organization)
        if self.store.commit(self.organization, writes, None, commit_id, 0, FOR_EVER):
            for name, one in made.items():
                self._know(name, one)
            return
        for kind in kinds:
            self._restore_registered(kind, known[kind.name])

    def _restore_registered(self, kind: Kind, given: Registered | None) -> None:
        kept = [record for record in self.credentials(kind.name) if len(record.bound) == len(kind.bound)]
        found = next((record for record in kept if given is None or given.id in {"", record.id}), None)
        if found is None:
            self.register(kind.name, given)
            return
        bound = {name: value or "" for name, value in zip(kind.bound, found.bound, strict=True)}
        self._know(kind.name, Registered(found.id, bound, found.scopes))

    def _know(self, name: str, made: Registered) -> None:
        self.registered[name] = made
        secret = [made.id] if self.platform.kinds[name].duty.get("secret") else []
        with self._learning:
            for one in (*made.bound.values(), *secret):
                self.secrets.add(one)

    # -- time --------------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Return the platform's time in milliseconds."""
        return self.editor.now()

    def advance(self, milliseconds: int) -> None:
        """Move the clock forward."""
        self.clock.advance(milliseconds / 1000)

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
        short = next((one for one, value in given.bound.items() if len(value) < SHORTEST_SECRET), None)
        if short is not None:
            problem = f"must have at least {SHORTEST_SECRET} characters, so that the journal can redact it"
            raise InvalidRequest(short, problem)
        made = self._made(kind, given)
        key = self.key(name, made.id)
        for _ in range(ATTEMPTS):
            organization, former, now = self._read(key)
            record = self._record(kind, made, now, former)
            if self._write(organization, [(former, record)], now):
                break
        else:
            raise ConflictError(kind.noun, ATTEMPTS)
        self._know(name, made)
        return made

    def _made(self, kind: Kind, given: Registered | None) -> Registered:
        """Return what is to be registered, with random values for those that are not given."""
        given = given or Registered("", {})
        bound = {one: given.bound.get(one) or self.ids.secret() for one in kind.bound}
        return Registered(given.id or self.mint(kind.name), bound, given.scopes)

    def _record(self, kind: Kind, made: Registered, now: int, former: Credential | None = None) -> Credential:
        scopes = self.platform.scopes_within(kind.name) if made.scopes is None else made.scopes
        record = new(kind, made.id, now, bound=tuple(made.bound.values()), scopes=scopes)
        return record if former is None else replace(record, version=former.version + 1)

    def key(self, kind: str, id: str) -> Key:
        """Return the place of a credential in the store."""
        return Key("registered" if self.platform.kinds[kind].registered else "credential", f"{kind}/{id}")

    def credentials(self, name: str) -> list[Credential]:
        """Return the credentials of a kind that are kept, oldest first. Raises NotFound."""
        place = self.key(self.kind(name).name, "").kind
        found, after = list[Credential](), 0
        while page := self.store.records(self.organization, place, 1000, after):
            found += [record for _, record in page if isinstance(record, Credential) and record.kind == name]
            after, _ = page[-1]
        return found

    def credential(self, name: str, id: str) -> Credential:
        """Return one credential. Raises NotFound."""
        _, record, _ = self._read(self.key(self.kind(name).name, id))
        if record is None:
            raise NotFound(self.kind(name).noun, id)
        return record

    def owner(self, record: Credential) -> Credential | None:
        """Return the owner of a credential, after its own owners' effect on it; None if it has none or it was forgotten."""
        within = self.platform.kinds[record.kind].within
        if within is None or not record.within:
            return None
        (found,) = self.store.load(self.organization, (self.key(within, record.within),)).records
        return life.inherited(found, self.owner(found)) if isinstance(found, Credential) else None

    def end(self, name: str, id: str | None = None, *, by: str = "ended") -> int:
        """End the living credentials of a kind, or the one with this id; return how many. Raises NotFound, InvalidRequest.

        `by` is ended, evicted or expired; the last two only if the kind has an answer for them.
        """
        ways = [way for way in ("ended", "evicted", "expired") if way in self.kind(name).refused or way == "ended"]
        if by not in ways:
            raise InvalidRequest("by", f"{self.kind(name).a} cannot be {by}; it can be {', '.join(ways)}")
        every = [self.credential(name, id)] if id is not None else self.credentials(name)
        return sum(self._end(record, by) for record in every)

    def _end(self, record: Credential, by: str) -> bool:
        for _ in range(ATTEMPTS):
            organization, former, now = self._read(self.key(record.kind, record.id))
            if former is None:
                return False
            over = life.expire(former, now) if by == "expired" else life.end(former, by, now)
            if over is former:
                return False
            if self._write(organization, [(former, over)], now):
                return True
        raise ConflictError(self.kind(record.kind).noun, ATTEMPTS)

    def mint(self, kind: str) -> str:
        """Return a new id."""
        if not kind:
            return self.ids.message()
        if self.platform.kinds[kind].duty.get("secret"):
            return self.ids.token(self.organization, kind)  # which is redacted wherever it stands, by each process
        return self.ids.secret()[:24]  # 18 bytes: canonical base64url

    # -- faults ------------------------------------------------------------------------------------------------------

    def plan(self, fault: Fault) -> None:
        """Add a fault. Raises NotFound, InvalidRequest."""
        if fault.operation is not None and fault.operation not in self.platform.operations:
            raise NotFound("operation", fault.operation, suggestion(fault.operation, self.platform.operations))

        def edit(plan: FaultPlan, _now: int) -> FaultPlan:
            if len(plan.faults) >= MAX_FAULTS:
                raise InvalidRequest("faults", f"{MAX_FAULTS} are waiting already; clear them first")
            return replace(plan, version=plan.version + 1, faults=(*plan.faults, fault))

        self.editor.change(FAULT_PLANS, "", edit, None)

    def planned(self) -> list[Fault]:
        """Return the planned faults."""
        return list(self.editor.get(FAULT_PLANS, "").faults)

    def clear_faults(self) -> None:
        """Forget the planned faults."""
        self.editor.change(FAULT_PLANS, "", lambda plan, _: replace(plan, version=plan.version + 1, faults=()), None)

    # -- journal -----------------------------------------------------------------------------------------------------

    @property
    def journal(self) -> list[Recorded]:
        """The requests that are kept, oldest first."""
        return recorded(Reader(self.store, self.organization).forwards())

    def find(self, context_id: str) -> Recorded:
        """Return the request with a contextId. Raises NotFound."""
        found = next((one for one in self.journal if one.context_id == context_id), None)
        if found is None:
            raise NotFound("request", context_id, "the journal does not have it, or no longer")
        return found

    def hide(self, text: str) -> str:
        """Return a text without secrets."""
        return self.secrets.hide(text)

    def told_as(self, kind: str, id: str) -> str:
        """Return the name of a credential in the journal and in reports: a pseudonym if its id is secret."""
        return told_as(self.platform.kinds[kind], id)

    def reset(self) -> None:
        """Forget credentials, journal and faults, and reset the clock to the system's. Registered credentials are issued
        anew."""
        self.editor.start_afresh(lambda one: replace(one, version=one.version + 1, clock=ClockState()), "reset")
        for kind in self.platform.kinds.values():
            for record in self.credentials(kind.name) if kind.registered else ():
                self._revive(kind, record)

    def _revive(self, kind: Kind, record: Credential) -> None:
        """Issue a registered credential anew, as it was."""
        for _ in range(ATTEMPTS):
            organization, former, now = self._read(self.key(kind.name, record.id))
            if former is None:
                return
            anew = new(kind, former.id, now, bound=former.bound, scopes=former.scopes)
            if self._write(organization, [(former, replace(anew, version=former.version + 1))], now):
                return
        raise ConflictError(kind.noun, ATTEMPTS)

    # -- requests ----------------------------------------------------------------------------------------------------

    def arrive(self, call: Call) -> Seen:
        """Read what a request shows, and journal its arrival. Return the organisation with its faults."""
        for _ in range(ATTEMPTS):
            read = self._load(call, call)
            if read is not None:
                call.read, call.arrived_at = read, read.seen.now
                self.service.sink(call, read.seen.now)
                return read.seen
            self.restore()
        raise ConflictError("the organization", ATTEMPTS)

    def answer(self, call: Call, render: Callable[[Call, Decision], Response]) -> Response:
        """Decide a request, write what follows from it, and journal the answer. Raises StoreUnavailable, ConflictError."""
        for attempt in range(ATTEMPTS):
            read = call.read if attempt == 0 and not call.effect.before else self._load(call)
            if read is None:
                self.restore()
                continue
            call.read = read
            snapshot = self._snapshot(call.called, call.shown, read)
            decision = self._decision(call, snapshot)
            response = render(call, decision)
            changes = [read.change(record, decision) for record in decision.writes.values()]
            alone = read.seen.faults if any(self.platform.kinds[name].life.live for name in decision.issued) else None
            noted, now = AnswerNote(call, decision, response), read.seen.now
            if self._write(read.seen.organization, changes, now, noted, call.effect.after, call.context_id, attempt, alone):
                call.decision, call.response = decision, response
                read.others.clear()  # the journal keeps the call
                return response
        raise ConflictError("a credential", ATTEMPTS)

    def _decision(self, call: Call, snapshot: Snapshot) -> Decision:
        if not call.effect.acts:
            row = self.platform.refused.get(str(call.effect.status))
            if row is None or row.harmless or call.effect.emptied:
                return Decision(answer=self.platform.refused["route"], acted=False)
            return struck(self.platform, call.called, row, snapshot, self.mint)
        if call.called is None:
            return turn_away(self.platform, call.row, call.detail, snapshot, self.mint)
        return decide(self.platform, call.called, call.message, snapshot, self.mint)

    def _load(self, call: Call, arrival: Noted | None = None) -> _Read | None:
        keys = [self.key(kind, id) for kind, id in call.shown.items()]
        loaded = self.store.load(self.organization, (*_PLACES, *keys), arrival, self.service.moment())
        organization, plan, *records = loaded.records
        if not isinstance(organization, Organization):
            return None
        now = organization.clock.reading(loaded.system)
        seen = Seen(organization, now, faults=plan if isinstance(plan, FaultPlan) else None)
        found = {kind: one for kind, one in zip(call.shown, records, strict=True) if isinstance(one, Credential)}
        return _Read(seen, found, {})

    def _snapshot(self, operation: Operation | None, shown: Mapping[str, str], read: _Read) -> Snapshot:
        """Return the state for a decision: what is shown, with the owners and what lives beside it."""
        now = read.seen.now
        owners: dict[str, Credential] = {}
        for name, record in read.found.items():
            owner = self._owner(record, read)
            if owner is not None:
                owners[name] = owner
        crowds = dict(self._crowds(operation, read, owners, now)) if operation is not None else {}
        return Snapshot(now=now, shown=shown, found=read.found, owners=owners, crowds=crowds)

    def _owner(self, record: Credential, read: _Read) -> Credential | None:
        """Return a credential's owner with its own owners' effect. Owners are read once for a request."""
        within = self.platform.kinds[record.kind].within
        if within is None or not record.within:
            return None
        key = self.key(within, record.within)
        if key not in read.others:
            (found,) = self.store.load(self.organization, (key,), None, self.service.moment()).records
            read.others[key] = found if isinstance(found, Credential) else None
        owner = read.others[key]
        return None if owner is None else life.inherited(owner, self._owner(owner, read))

    def _crowds(
        self, operation: Operation, read: _Read, owners: Mapping[str, Credential], now: int
    ) -> Iterator[tuple[str, tuple[Credential, ...]]]:
        for name in operation.issues:
            kind = self.platform.kinds[name]
            if kind.life.live is None:
                continue
            if kind.within is not None and not any(one.kind == kind.within for one in (*read.found.values(), *owners.values())):
                continue  # its owner is issued with it, so nothing lives beside it
            within = {record.id for record in (*read.found.values(), *owners.values()) if record.kind == kind.within}
            crowd = [one for one in self.credentials(name) if now < one.ends_at and (not within or one.within in within)]
            read.others |= {self.key(name, one.id): one for one in crowd}
            yield name, tuple(crowd)

    # -- writing -----------------------------------------------------------------------------------------------------

    def _read(self, key: Key) -> tuple[Organization, Credential | None, int]:
        loaded = self.store.load(self.organization, (ORGANIZATION, key), None, self.service.moment())
        organization, record = loaded.records
        if not isinstance(organization, Organization):
            raise NotFound("organization", self.organization)
        found = record if isinstance(record, Credential) else None
        return organization, found, organization.clock.reading(loaded.system)

    def _write(
        self,
        organization: Organization,
        changes: Iterable[tuple[Credential | None, Credential]],
        now: int,
        noted: Noted | None = None,
        after: int = 0,
        context_id: str = "",
        attempt: int = 0,
        alone: FaultPlan | None = None,
    ) -> bool:
        """Write records in place of former ones, and journal `noted`. Return False if one has changed meanwhile.

        With `alone`, the plan of faults, no two such writes go side by side: what lives beside a new record is no single one.
        """
        writes = [
            Write(self.key(record.kind, record.id), None if former is None else former.version, record, record.ends_at)
            for former, record in changes
        ]
        if alone is not None:
            writes.append(Write(FAULTS, alone.version, replace(alone, version=alone.version + 1)))
        if not writes and noted is not None:
            done = bool(self.store.note(organization.id, noted, now + after, organization.version))
        else:
            commit_id = f"{context_id or self.ids.context(organization.id)}:{attempt}"
            retention = organization.policy.retention
            done = self.store.commit(
                organization.id, writes, noted, commit_id, now, retention, now + after, organization.version
            )
        if done and noted is not None:
            self.service.sink(noted, now + after)
        return done


class _Read(Struct):
    """What was read for a request: the organisation, the credentials shown by kind, and others by their place."""

    seen: Seen
    found: dict[str, Credential]
    others: dict[Key, Any]

    def change(self, record: Credential, decision: Decision) -> tuple[Credential | None, Credential]:
        """Return the former state of a record that a decision writes, None if it is new, and the record to write.

        An owner was seen with its own owners' effect, which is not written.
        """
        if decision.issued.get(record.kind) == record.id:
            return None, record
        for one in self.found.values():
            if one.kind == record.kind and one.id == record.id:
                return one, record
        others = (one for one in self.others.values() if one is not None)
        former = next((one for one in others if one.kind == record.kind and one.id == record.id), None)
        if former is None:
            return None, record
        return former, replace(record, expires_at=former.expires_at, scopes=former.scopes)


def alive(mock: Mock, records: Iterable[Credential]) -> list[Credential]:
    """Return the records that are alive."""
    now = mock.now()
    return [record for record in records if not life.cause_at(record, mock.owner(record), now)]
