"""The mock of a declared platform on a store: replicas share what is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.clock import SystemClock
from mockserver.control.clock import Clock
from mockserver.control.faults import Faults, put
from mockserver.control.records import FAULT_PLANS, ChangeNote, Of, Records
from mockserver.declared.decide import new
from mockserver.declared.entries import Recorded, recorded, told_as
from mockserver.declared.requests import DeclaredRequests, crowd_of
from mockserver.engine import life
from mockserver.engine.model import DEFAULT_ORGANIZATION, ClockState, Credential, Fault, FaultPlan, Organization, Policy
from mockserver.errors import ConflictError, InvalidRequest, NotFound, suggestion
from mockserver.ids import Ids
from mockserver.journal import PendingEntry
from mockserver.journal_queries import Reader
from mockserver.platform.model import Kind, Operation, Platform
from mockserver.service import ATTEMPTS
from mockserver.service import PlatformService as Service
from mockserver.stores.base import FAULTS, ORGANIZATION, Bounds, Key, Store, Write
from mockserver.stores.base import Kind as Place
from mockserver.stores.memory import MemoryStore
from mockserver.wire.redaction import SHORTEST_SECRET, Secrets

BOUNDS = Bounds(max_ended_sessions=50_000, journal_entries=20_000, max_tokens=100_000, journal_bytes=64 << 20)
"""Of 100,000 credentials at most half are over, so those that live are forgotten only if very many do. The journal has two
entries for a request."""

FOR_EVER = 10 * 365 * 86_400_000
"""How long a credential that has ended is remembered, in milliseconds."""


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
        sink: Callable[[PendingEntry, int], None] | None = None,
    ) -> None:
        """`system` returns milliseconds since the epoch; None is the store's clock. `sink` also gets every journal entry.

        `registered` gives ids and secrets. Missing ones are those that the store has, or else random.
        """
        self.platform, self.ids = platform, ids or Ids()
        self.places: dict[str, Place] = {
            kind.name: "registered" if kind.registered else "credential" for kind in platform.kinds.values()
        }
        self.store = store or MemoryStore(BOUNDS)
        self.secrets = Secrets()
        self._learning = Lock()
        self.registered: dict[str, Registered] = {}
        self.likely: dict[str | None, list[Key]] = {name: [] for name in (None, *platform.operations)}
        self._given = dict(registered or {})
        self.service = Service(self.store, system, self.ids, restore=lambda _: self.restore(), sink=sink)
        self.organization = DEFAULT_ORGANIZATION
        self.editor = Records(self.service, self.organization)
        self.clock, self.faults = Clock(self.editor), Faults(self.editor, tuple(platform.operations))
        self.requests = DeclaredRequests(self)
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
            record = self._record(kind, made[kind.name], organization.clock.reading(self.service.system()), among=made)
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
        self.likely |= {one.name: self._likely_owners(one) for one in self.platform.operations.values()}
        secret = [made.id] if self.platform.kinds[name].duty.get("secret") else []
        with self._learning:
            for one in (*made.bound.values(), *secret):
                self.secrets.add(one)

    def _likely_owners(self, operation: Operation) -> list[Key]:
        """Return the places of the registered owners that most of what an operation shows have."""
        owners = dict.fromkeys(self.platform.kinds[kind].within or "" for kind in operation.carries)
        return [
            self.key(one, self.registered[one].id) for one in owners if one in self.registered and one not in operation.carries
        ]

    # -- time --------------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Return the platform's time in milliseconds."""
        return self.editor.now()

    def advance(self, milliseconds: int) -> None:
        self.clock.advance(milliseconds / 1000)

    # -- credentials -------------------------------------------------------------------------------------------------

    def kind(self, name: str) -> Kind:
        """Return a kind by its name. Raises NotFound."""
        try:
            return self.platform.kinds[name]
        except KeyError:
            raise NotFound("kind", name, suggestion(name, self.platform.kinds)) from None

    def register(self, name: str, given: Registered | None = None) -> Registered:
        """Issue a credential without a request, journalled as `register`. Missing values are random.

        Raises NotFound, InvalidRequest.
        """
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
        self._put(kind, made)
        self._know(name, made)
        owner = self._owner_of_registered(kind)
        within = {"within": self.told_as(kind.within, owner)} if kind.within and owner else {}
        self._note("register", {"kind": name, "id": self.told_as(name, made.id), **within})
        return made

    def _made(self, kind: Kind, given: Registered | None) -> Registered:
        """Return what is to be registered, with random values for those that are not given."""
        given = given or Registered("", {})
        bound = {one: given.bound.get(one) or self.ids.secret() for one in kind.bound}
        return Registered(given.id or self.mint(kind.name), bound, given.scopes)

    def _record(
        self,
        kind: Kind,
        made: Registered,
        now: int,
        former: Credential | None = None,
        among: Mapping[str, Registered] | None = None,
    ) -> Credential:
        scopes = self.platform.scopes_within(kind.name) if made.scopes is None else made.scopes
        within = self._owner_of_registered(kind, among)
        record = new(kind, made.id, now, within=within, bound=tuple(made.bound.values()), scopes=scopes)
        return record if former is None else replace(record, version=former.version + 1)

    def _owner_of_registered(self, kind: Kind, among: Mapping[str, Registered] | None = None) -> str:
        """Return the id of the owner of a credential that is issued without a request: what was registered last of its kind."""
        owner = (among or self.registered).get(kind.within or "")
        return "" if owner is None else owner.id

    def key(self, kind: str, id: str) -> Key:
        """Return the place of a credential in the store."""
        return Key(self.places[kind], f"{kind}/{id}")

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
        (record,) = self.editor.read((self.key(self.kind(name).name, id),)).records
        if not isinstance(record, Credential):
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

        Journalled as `end`. `by` is ended, evicted or expired; the last two only if the kind has an answer for them.
        """
        ways = [way for way in ("ended", "evicted", "expired") if way in self.kind(name).refused or way == "ended"]
        if by not in ways:
            raise InvalidRequest("by", f"{self.kind(name).a} cannot be {by}; it can be {', '.join(ways)}")
        every = [self.credential(name, id)] if id is not None else self.credentials(name)
        done = sum(self._end(record, by) for record in every)
        one = {} if id is None else {"id": self.told_as(name, id)}
        self._note("end", {"kind": name, **one, "by": by, "count": done})
        return done

    def _note(self, what: str, detail: dict[str, Any]) -> None:
        """Journal a change made from outside."""
        note, now = ChangeNote(what, detail), self.now()
        self.store.note(self.organization, note, now)
        self.service.sink(note, now)

    def _end(self, record: Credential, by: str) -> bool:
        return self._edit(record, lambda old, now: life.expire(old, now) if by == "expired" else life.end(old, by, now))

    def mint(self, kind: str) -> str:
        if not kind:
            return self.ids.message()
        if self.platform.kinds[kind].duty.get("secret"):
            return self.ids.token(self.organization, kind)  # which is redacted wherever it stands, by each process
        return self.ids.short()

    # -- faults ------------------------------------------------------------------------------------------------------

    def plan(self, fault: Fault) -> None:
        """Add a fault. Raises NotFound, InvalidRequest."""
        if fault.operation is not None and fault.operation not in self.platform.operations:
            raise NotFound("operation", fault.operation, suggestion(fault.operation, self.platform.operations))
        put(self.editor, fault)

    def planned(self) -> list[Fault]:
        return list(self.editor.get(FAULT_PLANS, "").faults)

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
                self._edit(record, partial(_anew, kind))

    # -- writing -----------------------------------------------------------------------------------------------------

    def _edit(self, record: Credential, edit: Callable[[Credential, int], Credential]) -> bool:
        """Write what `edit` makes of a credential at a time. Return False if that changes nothing, or it was forgotten."""
        place = Of(self.places[record.kind], Credential)
        changed = [False]

        def noted(old: Credential, now: int) -> Credential:
            new = edit(old, now)
            changed.append(new is not old)
            return new

        with suppress(NotFound):
            self.editor.change(place, f"{record.kind}/{record.id}", noted, None)
        return changed[-1]

    def _put(self, kind: Kind, made: Registered) -> None:
        """Write a registered credential in place of one with this id, if there is one."""
        key = self.key(kind.name, made.id)
        for _ in range(ATTEMPTS):
            organization, (found,), system = self.editor.read((key,))
            former, now = found if isinstance(found, Credential) else None, organization.clock.reading(system)
            record = self._record(kind, made, now, former)
            writes = [Write(key, None if former is None else former.version, record, record.ends_at)]
            if former is None and kind.life.live is not None:
                writes += self._recounted(crowd_of(kind.name, record.within))
            if self.service.write(organization, writes, None, now, now):
                return
        raise ConflictError(kind.noun, ATTEMPTS)

    def _recounted(self, crowd: Key) -> list[Write]:
        """Return what has an owner's living credentials counted anew when the next one is issued."""
        (counted,) = self.editor.read((crowd,)).records
        return [] if counted is None else [Write(crowd, counted.version, None)]


def _anew(kind: Kind, old: Credential, now: int) -> Credential:
    """Return a registered credential as if it were issued just now."""
    return replace(new(kind, old.id, now, within=old.within, bound=old.bound, scopes=old.scopes), version=old.version + 1)


def alive(mock: Mock, records: Iterable[Credential]) -> list[Credential]:
    now = mock.now()
    return [record for record in records if not life.cause_at(record, mock.owner(record), now)]
