"""Reading and changing an organisation's records: by compare-and-set, tried again where somebody else was faster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from mockserver.control import checks
from mockserver.engine.lifecycle import end_of
from mockserver.engine.model import UNASSIGNED, FaultPlan, OAuthClient, Organization, Session, Token
from mockserver.errors import ConflictError, InvalidRequest, NotFound
from mockserver.journal import Entry, Perturbed
from mockserver.service import ATTEMPTS, Platform
from mockserver.stores.base import FAULTS, ORGANIZATION, Key, Kind, Record, Write

R = TypeVar("R", bound=Record)

PAGE = 1000
"""Records read at a time."""

BATCH = 100
"""Records written at a time: the more, the likelier that one of them has changed meanwhile."""

KINDS: dict[type[Any], Kind] = {
    Organization: "organization",
    FaultPlan: "faults",
    OAuthClient: "client",
    Token: "token",
    Session: "session",
}


class Note:
    """A journal entry for something that was done to the world."""

    __slots__ = ("detail", "what")

    weight = 0

    def __init__(self, what: str, detail: dict[str, Any]) -> None:
        self.what, self.detail = what, detail

    def entry(self, seq: int, at: int) -> Entry:
        """The entry as it is to be read."""
        return Perturbed(seq, at, self.what, self.detail)


class Read(NamedTuple):
    """An organisation and records of it at one moment, when the system's clock read `system`."""

    organization: Organization
    records: Sequence[Record | None]
    system: int

    @property
    def now(self) -> int:
        """The organisation's time then, in milliseconds."""
        return self.organization.clock.reading(self.system)


class Editor:
    """The records of one organisation. An edit is a function from a record and the time to what the record shall be; where it
    gives back the same object nothing is written, and nothing journalled."""

    def __init__(self, platform: Platform, organization: str) -> None:
        self.platform, self.id = platform, organization

    def organization(self) -> Organization:
        """The organisation as it is now. Raises NotFound where it does not exist (any more)."""
        return self._load(()).organization

    def moment(self) -> tuple[Organization, int]:
        """The organisation as it is now, and its time in milliseconds."""
        read = self._load(())
        return read.organization, read.now

    def now(self) -> int:
        """The organisation's time in milliseconds."""
        return self._load(()).now

    def get(self, kind: type[R], id: str) -> R:
        """One record. Raises NotFound."""
        return self._existing(kind, id, self._load((Key(KINDS[kind], id),)).records[0])

    def all(self, kind: type[R]) -> Iterator[R]:
        """All records of a kind, in the order they were first written."""
        return (record for _, record in self.placed(kind))

    def placed(self, kind: type[R], after: int = 0) -> Iterator[tuple[int, R]]:
        """The records of a kind after the place `after`, with their places."""
        while page := self.platform.store.records(self.id, KINDS[kind], PAGE, after):
            yield from ((place, record) for place, record in page if isinstance(record, kind))
            after, _ = page[-1]

    def place(self, kind: type[Record], cursor: str, field: str = "after") -> int:
        """Return the place that a cursor means: a place as a list gave it, or a record's id.

        Raises InvalidRequest if there is no record of that id.
        """
        if not cursor:
            return 0
        if cursor.isascii() and cursor.isdecimal():
            return checks.place(int(cursor[:20]), field)
        place = self.platform.store.place(self.id, Key(KINDS[kind], cursor))
        if place is None:
            raise gone(cursor, field)
        return place

    def change(
        self, kind: type[R], id: str, edit: Callable[[R, int], R], what: str | None, detail: dict[str, Any] | None = None
    ) -> R:
        """Edits one record, journalled as `what` (None: not at all), and returns it. Raises NotFound, or ConflictError."""
        return self._change(kind, id, lambda read, old: edit(old, read.now), what, detail)

    def change_clock(
        self, edit: Callable[[Read, Organization], Organization], what: str, detail: dict[str, Any] | None = None
    ) -> Organization:
        """Edits the organisation by what was read, and so by the system's time at that moment."""
        return self._change(Organization, "", edit, what, detail)

    def _change(
        self, kind: type[R], id: str, edit: Callable[[Read, R], R], what: str | None, detail: dict[str, Any] | None
    ) -> R:
        key, note = Key(KINDS[kind], id), Note(what, detail or {}) if what else None
        for _ in range(ATTEMPTS):
            read = self._load((key,))
            old = self._existing(kind, id, read.records[0])
            new = edit(read, old)
            if new is old:
                return old
            after = new if isinstance(new, Organization) else read.organization
            if self.platform.change(after, [_write(old, new)], note, read.now, read.system):
                return new
        raise ConflictError(f"the {key.kind}", ATTEMPTS)

    def change_organization(
        self, edit: Callable[[Organization, int], Organization], what: str, detail: dict[str, Any] | None = None
    ) -> Organization:
        """Edits the organisation itself."""
        return self.change(Organization, "", edit, what, detail)

    def change_all(self, kind: type[R], edit: Callable[[R, int], R], what: str, detail: dict[str, Any] | None = None) -> int:
        """Edits every record of a kind and returns how many were changed; journalled once, with their `count`."""
        now = self.now()
        keys = [Key(KINDS[kind], id_of(record)) for record in self.all(kind) if edit(record, now) is not record]
        done = 0
        for start in range(0, len(keys), BATCH):
            last = start + BATCH >= len(keys)
            note = Note(what, detail or {}) if last else None
            done += self._change_batch(kind, keys[start : start + BATCH], edit, note, done)
        return done

    def _change_batch(
        self, kind: type[R], keys: Sequence[Key], edit: Callable[[R, int], R], note: Note | None, done: int
    ) -> int:
        for _ in range(ATTEMPTS):
            read = self._load(keys)
            edits = [(old, edit(old, read.now)) for old in read.records if isinstance(old, kind)]
            writes = [_write(old, new) for old, new in edits if new is not old]
            noted = Note(note.what, {**note.detail, "count": done + len(writes)}) if note is not None else None
            if self.platform.change(read.organization, writes, noted, read.now, read.system):
                return len(writes)
        raise ConflictError(f"a {keys[0].kind}", ATTEMPTS)

    def add(self, record: OAuthClient, what: str, detail: dict[str, Any] | None = None) -> bool:
        """Writes a new record, journalled as `what`; False where there is one already."""
        read = self._load(())
        write = Write(Key(KINDS[type(record)], id_of(record)), None, record)
        return self.platform.change(read.organization, [write], Note(what, detail or {}), read.now, read.system)

    def start_afresh(self, edit: Callable[[Organization], Organization], what: str) -> None:
        """Edits the organisation and forgets all else but its OAuth clients, in one step.

        A request that is decided by the former clock meanwhile is decided again by the new one.
        """
        for _ in range(ATTEMPTS):
            read = self._load((FAULTS,))
            (plan,) = read.records
            writes = [_write(read.organization, changed := edit(read.organization))]
            if isinstance(plan, FaultPlan):
                writes.append(_write(plan, FaultPlan(version=plan.version + 1)))
            if self.platform.change(changed, writes, Note(what, {}), read.now, read.system, afresh=True):
                return
        raise ConflictError("the organization", ATTEMPTS)

    def _load(self, keys: Sequence[Key]) -> Read:
        loaded = self.platform.load(self.id, (ORGANIZATION, *keys))
        organization, *records = loaded.records
        if not isinstance(organization, Organization):
            hint = "it has a journal and nothing else" if self.id == UNASSIGNED else "it was deleted, or never made here"
            raise NotFound("organization", self.id, hint)
        return Read(organization, records, loaded.system)

    def _existing(self, kind: type[R], id: str, record: Record | None) -> R:
        if not isinstance(record, kind):
            raise NotFound(KINDS[kind], id)
        return record


def gone(cursor: str, field: str) -> InvalidRequest:
    """The error for a page that begins at a record which is not there."""
    hint = "go on from the `next` of the page before, or begin again"
    return InvalidRequest(field, f"{cursor!r} is not there, or not any more; {hint}")


def id_of(record: Record) -> str:
    """The id a record has in its organisation."""
    if isinstance(record, Organization | FaultPlan):
        return ""
    return record.value if isinstance(record, Token) else record.id


def _write(old: Record, new: Record) -> Write:
    ends_at = end_of(new).at if isinstance(new, Session) else None
    return Write(Key(KINDS[type(new)], id_of(new)), old.version, new, ends_at)
