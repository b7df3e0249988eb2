"""Reading and changing an organisation's records by compare-and-set, repeated if another change came first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from mockserver.control import checks
from mockserver.engine import life
from mockserver.engine.model import UNASSIGNED, Credential, FaultPlan, Organization
from mockserver.errors import ConflictError, InvalidRequest, NotFound
from mockserver.journal import Entry, Perturbed
from mockserver.service import ATTEMPTS, PlatformService
from mockserver.stores.base import FAULTS, ORGANIZATION, TIMED, Key, Kind, Record, Write

R = TypeVar("R", bound=Record)

PAGE = 1000
"""Records read at a time."""

BATCH = 100
"""Records written at a time. The larger a batch, the likelier it is that one of its records has changed meanwhile."""


class Of(NamedTuple, Generic[R]):
    """A kind of record, and the type that its records have."""

    kind: Kind
    type: type[R]


ORGANIZATIONS, FAULT_PLANS = Of("organization", Organization), Of("faults", FaultPlan)
CLIENTS, TOKENS, SESSIONS = Of("client", Credential), Of("token", Credential), Of("session", Credential)


class ChangeNote:
    """A journal entry for a change made from outside."""

    __slots__ = ("detail", "former", "what")

    weight = 0

    def __init__(self, what: str, detail: dict[str, Any], former: dict[str, Any] | None = None) -> None:
        self.what, self.detail, self.former = what, detail, former or {}

    def entry(self, seq: int, at: int) -> Entry:
        return Perturbed(seq, at, self.what, self.detail, self.former)


class Read(NamedTuple):
    """An organisation and some of its records at one moment, when the system's clock read `system`."""

    organization: Organization
    records: Sequence[Record | None]
    system: int

    @property
    def now(self) -> int:
        """The organisation's time at that moment, in milliseconds."""
        return self.organization.clock.reading(self.system)


class Records:
    """The records of one organisation.

    An edit is a function from a record and the time to the new record. If it returns the same object, nothing is written and
    nothing is journalled.
    """

    def __init__(self, platform: PlatformService, organization: str) -> None:
        self.platform, self.id = platform, organization

    def organization(self) -> Organization:
        """Return the organisation as it is now. Raises NotFound if it does not exist."""
        return self.read().organization

    def moment(self) -> tuple[Organization, int]:
        """Return the organisation as it is now, and its time in milliseconds."""
        read = self.read()
        return read.organization, read.now

    def now(self) -> int:
        """Return the organisation's time in milliseconds."""
        return self.read().now

    def get(self, kind: Of[R], id: str) -> R:
        """Return one record. Raises NotFound."""
        return self._existing(kind, id, self.read((Key(kind.kind, id),)).records[0])

    def all(self, kind: Of[R]) -> Iterator[R]:
        """Return all records of a kind, in the order they were first written."""
        return (record for _, record in self.placed(kind))

    def placed(self, kind: Of[R], after: int = 0) -> Iterator[tuple[int, R]]:
        """Yield the records of a kind after the place `after`, each with its place."""
        while page := self.platform.store.records(self.id, kind.kind, PAGE, after):
            yield from ((place, record) for place, record in page if isinstance(record, kind.type))
            after, _ = page[-1]

    def place(self, kind: Of[R], cursor: str, field: str = "after") -> int:
        """Return the place for a cursor, which is a place from a list or a record's id.

        Raises InvalidRequest if no record has that id.
        """
        if not cursor:
            return 0
        if cursor.isascii() and cursor.isdecimal():
            return checks.place(int(cursor[:20]), field)
        place = self.platform.store.place(self.id, Key(kind.kind, cursor))
        if place is None:
            raise gone(cursor, field)
        return place

    def change(
        self, kind: Of[R], id: str, edit: Callable[[R, int], R], what: str | None, detail: dict[str, Any] | None = None
    ) -> R:
        """Edit one record and return it; journalled as `what`, or not if None. Raises NotFound or ConflictError."""
        return self._change(kind, id, lambda read, old: edit(old, read.now), what, detail)

    def change_clock(
        self, edit: Callable[[Read, Organization], Organization], what: str, detail: dict[str, Any] | None = None
    ) -> Organization:
        """Edit the organisation. Unlike in `change`, the edit also sees the system's time at that moment."""
        return self._change(ORGANIZATIONS, "", edit, what, detail)

    def _change(
        self,
        kind: Of[R],
        id: str,
        edit: Callable[[Read, R], R],
        what: str | None,
        detail: dict[str, Any] | None,
        former: Callable[[R], dict[str, Any]] | None = None,
    ) -> R:
        key = Key(kind.kind, id)
        for _ in range(ATTEMPTS):
            read = self.read((key,))
            old = self._existing(kind, id, read.records[0])
            new = edit(read, old)
            if new is old:
                return old
            note = ChangeNote(what, detail or {}, None if former is None else former(old)) if what else None
            after = new if isinstance(new, Organization) else read.organization
            if self.platform.change(after, [_write(key, old, new)], note, read.now, read.system):
                return new
        raise ConflictError(f"the {key.kind}", ATTEMPTS)

    def change_organization(
        self,
        edit: Callable[[Organization, int], Organization],
        what: str,
        detail: dict[str, Any] | None = None,
        former: Callable[[Organization], dict[str, Any]] | None = None,
    ) -> Organization:
        """Edit the organisation. The entry has what `former` says of the one that is replaced."""
        return self._change(ORGANIZATIONS, "", lambda read, old: edit(old, read.now), what, detail, former)

    def change_all(self, kind: Of[R], edit: Callable[[R, int], R], what: str) -> int:
        """Edit every record of a kind and return how many changed. Journalled once, with their `count`."""
        now = self.now()
        keys = [key_of(record) for record in self.all(kind) if edit(record, now) is not record]
        done = 0
        for start in range(0, len(keys), BATCH):
            is_last = start + BATCH >= len(keys)
            done += self._change_batch(kind, keys[start : start + BATCH], edit, what if is_last else None, done)
        return done

    def _change_batch(self, kind: Of[R], keys: Sequence[Key], edit: Callable[[R, int], R], what: str | None, done: int) -> int:
        for _ in range(ATTEMPTS):
            read = self.read(keys)
            edits = [(old, edit(old, read.now)) for old in read.records if isinstance(old, kind.type)]
            writes = [_write(key_of(new), old, new) for old, new in edits if new is not old]
            noted = ChangeNote(what, {"count": done + len(writes)}) if what is not None else None
            if self.platform.change(read.organization, writes, noted, read.now, read.system):
                return len(writes)
        raise ConflictError(f"a {keys[0].kind}", ATTEMPTS)

    def add(self, record: Credential, what: str, detail: dict[str, Any] | None = None) -> bool:
        """Write a new record, journalled as `what`. Return False if there is one with this id already."""
        read = self.read()
        write = Write(key_of(record), None, record)
        return self.platform.change(read.organization, [write], ChangeNote(what, detail or {}), read.now, read.system)

    def start_afresh(self, edit: Callable[[Organization], Organization], what: str) -> None:
        """Edit the organisation and delete everything else but its OAuth clients, in one step.

        A request that was decided by the old clock meanwhile is decided again by the new one.
        """
        for _ in range(ATTEMPTS):
            read = self.read((FAULTS,))
            (plan,) = read.records
            writes = [_write(ORGANIZATION, read.organization, changed := edit(read.organization))]
            if isinstance(plan, FaultPlan):
                writes.append(_write(FAULTS, plan, FaultPlan(version=plan.version + 1)))
            if self.platform.change(changed, writes, ChangeNote(what, {}), read.now, read.system, afresh=True):
                return
        raise ConflictError("the organization", ATTEMPTS)

    def read(self, keys: Sequence[Key] = ()) -> Read:
        """Return the organisation and the records of these keys at one moment. Raises NotFound without the organisation."""
        loaded = self.platform.load(self.id, (ORGANIZATION, *keys))
        organization, *records = loaded.records
        if not isinstance(organization, Organization):
            hint = "it has only a journal" if self.id == UNASSIGNED else "it was deleted or never existed"
            raise NotFound("organization", self.id, hint)
        return Read(organization, records, loaded.system)

    def _existing(self, kind: Of[R], id: str, record: Record | None) -> R:
        if not isinstance(record, kind.type):
            raise NotFound(kind.kind, id)
        return record


def revoke(record: Credential, now: int) -> Credential:
    """Return a session or a token revoked, unchanged if it had ended before."""
    return life.end(record, "ended", now)


def changed(record: R, **values: Any) -> R:
    """Return the record with these values as its next version; the same record if it has them already."""
    if all(getattr(record, name) == value for name, value in values.items()):
        return record
    return replace(record, version=record.version + 1, **values)


def gone(cursor: str, field: str) -> InvalidRequest:
    """Return the error for a page that begins after a record which does not exist."""
    hint = "continue with `next` of the previous page, or start again"
    return InvalidRequest(field, f"{cursor!r} does not exist, or no longer; {hint}")


def key_of(record: Record) -> Key:
    if isinstance(record, Credential):
        return Key(_KINDS[record.kind], record.id)
    return ORGANIZATION if isinstance(record, Organization) else FAULTS


_KINDS: dict[str, Kind] = {"client": "client", "token": "token", "session": "session"}


def _write(key: Key, old: Record, new: Record) -> Write:
    ends_at = new.ends_at if isinstance(new, Credential) and key.kind in TIMED else None
    return Write(key, old.version, new, ends_at)
