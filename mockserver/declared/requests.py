"""Requests on a store: one step reads and journals the arrival, another decides and writes.

If a record has changed in between, the request is decided again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mockserver.declared.decide import Decision, Snapshot, decide, owner_shown, struck, turn_away
from mockserver.declared.entries import DeclaredAnswerNote, retry_after
from mockserver.engine import life
from mockserver.engine.decide import Seen
from mockserver.engine.model import Credential, FaultPlan, Organization
from mockserver.errors import ConflictError
from mockserver.journal import PendingEntry
from mockserver.service import ATTEMPTS
from mockserver.stores.base import FAULTS, LIGHT, ORGANIZATION, Key, Record, Write
from mockserver.wire.message import Response

if TYPE_CHECKING:
    from mockserver.declared.handler import DeclaredCall
    from mockserver.declared.mock import Mock

REMEMBERED = 1024
"""The number of credentials whose owners are remembered."""


class StoreRead(Struct, gc=False):
    """The records read for a request: the organisation, the credentials shown, by kind, and all by their key.

    `crowds` are records of the ids that live beside a credential to be issued, by kind.
    """

    seen: Seen
    found: dict[str, Credential]
    records: dict[str, Record | None]
    crowds: dict[str, Credential] = {}


class DeclaredRequests:
    """The requests to a mock. Any thread may use it."""

    def __init__(self, mock: Mock) -> None:
        self._mock, self._platform, self._store, self._service = mock, mock.platform, mock.store, mock.service
        self._limited = [kind.name for kind in mock.platform.kinds.values() if kind.life.live is not None]
        self._within = {kind.name: kind.within or "" for kind in mock.platform.kinds.values()}
        self._owners: dict[str, Key] = {}  # of credentials, which never change

    def arrive(self, call: DeclaredCall) -> Seen:
        """Read what a request shows, and journal its arrival. Return the organisation with its faults."""
        for _ in range(ATTEMPTS):
            read = self._load(call, call)
            if read is not None:
                call.read, call.seen, call.arrived_at = read, read.seen, read.seen.now
                self._service.sink(call, read.seen.now)
                return read.seen
            self._mock.restore()
        raise ConflictError("the organization", ATTEMPTS)

    def answer(self, call: DeclaredCall, render: Callable[[DeclaredCall, Decision], Response]) -> Response:
        """Decide a request, write what follows from it, and journal the answer. Raises StoreUnavailable, ConflictError."""
        for attempt in range(ATTEMPTS):
            read = call.read if attempt == 0 and not call.effect.before else self._load(call)
            if read is None:
                self._mock.restore()
                continue
            call.read = None  # the journal keeps the call, and not what was read for it
            call.seen, call.now = read.seen, read.seen.now
            seen = self._snapshot(call, read)
            if not call.effect.acts:
                decision = self._struck(call, seen)
            elif call.called is None:
                decision = turn_away(self._platform, call.row, call.detail, seen, self._mock.mint)
            else:
                decision = decide(self._platform, call.called, call.message, seen, self._mock.mint)
            response = render(call, decision)
            if self._write(call, read, decision, response, attempt):
                call.decision = decision
                return response
        raise ConflictError("a credential", ATTEMPTS)

    def _struck(self, call: DeclaredCall, seen: Snapshot) -> Decision:
        """Decide a request that a fault answers."""
        row = self._platform.refused.get(str(call.effect.status))
        if row is None or row.harmless or call.effect.emptied:
            return Decision(answer=self._platform.refused["route"], acted=False)
        return struck(self._platform, call.called, row, seen, self._mock.mint)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _load(self, call: DeclaredCall, arrival: PendingEntry | None = None) -> StoreRead | None:
        """Read what a request shows, with its owners as far as they are known or likely, in one round trip.

        None: the store was emptied.
        """
        places, owners, keys = self._mock.places, self._owners, [ORGANIZATION, FAULTS]
        for kind, id in call.shown.items():
            keys.append(Key(places[kind], f"{kind}/{id}"))
        keys += self._mock.likely[call.operation]
        for key in keys:
            owner = owners.get(key.id)
            if owner is not None and owner not in keys:
                keys.append(owner)
        loaded = self._store.load(self._mock.organization, keys, arrival, self._service.moment())
        organization, plan, *records = loaded.records
        if not isinstance(organization, Organization):
            return None
        now = organization.clock.reading(loaded.system)
        seen = Seen(organization, now, faults=plan if isinstance(plan, FaultPlan) else None)
        read = StoreRead(seen, {}, {})
        for key, record in zip(keys[2:], records, strict=True):
            read.records[key.id] = record
        for kind, record in zip(call.shown, records, strict=False):
            if isinstance(record, Credential):
                read.found[kind] = record
        return read

    def _snapshot(self, call: DeclaredCall, read: StoreRead) -> Snapshot:
        """Return the state for a decision: what is shown, with the owners and what lives beside it."""
        owners: dict[str, Credential] = {}
        for name, record in read.found.items():
            if record.within:
                owner = self._owner(record, read)
                if owner is not None:
                    owners[name] = owner
        seen = Snapshot(now=read.seen.now, shown=call.shown, found=read.found, owners=owners)
        for name in self._limited:
            if call.called is None or name in call.called.issues:
                seen.crowds[name] = self._crowd(name, seen, read)
        return seen

    def _owner(self, record: Credential, read: StoreRead) -> Credential | None:
        """Return a credential's owner with its own owners' effect. Owners are read once for a request."""
        within = self._within[record.kind]
        place = f"{within}/{record.within}"
        if place not in read.records:
            (read.records[place],) = self._read([self._remember_owner(record)])
        owner = read.records[place]
        if not isinstance(owner, Credential):
            return None
        return life.inherited(owner, self._owner(owner, read)) if owner.within else owner

    def _remember_owner(self, record: Credential) -> Key:
        """Return the place of a credential's owner, which is read along with it from now on."""
        if len(self._owners) >= REMEMBERED:
            self._owners.clear()
        within = self._within[record.kind]
        key = self._owners[f"{record.kind}/{record.id}"] = Key(self._mock.places[within], f"{within}/{record.within}")
        return key

    def _crowd(self, name: str, seen: Snapshot, read: StoreRead) -> tuple[Credential, ...]:
        """Return the credentials of a kind that live beside one to be issued, oldest first."""
        kind = self._platform.kinds[name]
        owner = owner_shown(kind, seen)
        if kind.within is not None and owner is None:
            return ()  # its owner is issued with it
        within = "" if owner is None else owner.id
        key = crowd_of(name, within)
        (crowd,) = self._read([key])
        if not isinstance(crowd, Credential):
            if owner is not None and not self._platform.kinds[owner.kind].registered:
                return ()
            # The owner outlives its crowd's record, which is forgotten if very many credentials are newer.
            ids = tuple(one.id for one in self._mock.credentials(name) if one.within == within)
            crowd = Credential(kind="", id=key.id, version=0, bound=ids, expires_at=0)
        read.crowds[name] = crowd
        keys = [self._mock.key(name, id or "") for id in crowd.bound]
        members = self._read(keys)
        read.records |= {key.id: member for key, member in zip(keys, members, strict=True)}
        return tuple(one for one in members if isinstance(one, Credential) and seen.now < one.ends_at)

    def _read(self, keys: Sequence[Key]) -> Sequence[Record | None]:
        return self._store.load(self._mock.organization, keys, None, self._service.moment()).records

    # -- writing -----------------------------------------------------------------------------------------------------

    def _write(self, call: DeclaredCall, read: StoreRead, decision: Decision, response: Response, attempt: int) -> bool:
        """Write what a decision changes, and journal the answer. Return False if a record has changed meanwhile."""
        writes = [self._change(read, record, decision) for record in decision.writes.values()]
        for name in self._limited:
            if name in decision.issued:
                writes.append(self._joined(name, read, decision))
        for issued in decision.issued.items():
            record = decision.writes[issued]
            likely = self._mock.registered.get(self._within[record.kind])
            if record.within and (likely is None or likely.id != record.within):
                self._remember_owner(record)
        decision.writes = WRITTEN  # the journal keeps the decision
        wait = retry_after(response.headers) if response.status >= 300 else ""
        body, size = response.body, len(response.body)
        weight = size if size > LIGHT else 0
        noted = DeclaredAnswerNote(call, decision, response.status, response.delivery, body, wait, weight)
        now, commit_id = read.seen.now, f"{call.context_id}:{attempt}"
        return self._service.write(read.seen.organization, writes, noted, now, now + call.effect.after, commit_id)

    def _change(self, read: StoreRead, record: Credential, decision: Decision) -> Write:
        """Return the write of a record. An owner was seen with its own owners' effect, which is not written."""
        kind, id = record.kind, record.id
        key = Key(self._mock.places[kind], f"{kind}/{id}")
        former = None if decision.issued.get(kind) == id else read.records.get(key.id)
        if isinstance(former, Credential):
            if record.expires_at != former.expires_at or record.scopes != former.scopes:
                record = replace(record, expires_at=former.expires_at, scopes=former.scopes)
            return Write(key, former.version, record, record.ends_at)
        return Write(key, None, record, record.ends_at)

    def _joined(self, name: str, read: StoreRead, decision: Decision) -> Write:
        """Return the write of a crowd that a new credential joins. What has ended leaves it."""
        new = decision.writes[name, decision.issued[name]]
        key, former, alive = crowd_of(name, new.within), read.crowds.get(name), [new.id]
        if former is not None and former.id == key.id:
            members = ((id or "", read.records.get(f"{name}/{id}")) for id in former.bound)
            now = [(id, decision.writes.get((name, id), one)) for id, one in members]
            alive[:0] = [id for id, one in now if isinstance(one, Credential) and read.seen.now < one.ends_at]
        else:
            former = None
        version, expires_at = (0, 0) if former is None else (former.version, former.expires_at)
        ends_at = max(expires_at, new.expires_at)
        record = Credential(kind="", id=key.id, version=version + 1, bound=tuple(alive), expires_at=ends_at)
        return Write(key, version or None, record, ends_at)


WRITTEN: dict[tuple[str, str], Credential] = {}
"""The rest to write of a decision that is written: nothing."""


def crowd_of(kind: str, owner: str) -> Key:
    """Return the place of the ids of a kind that an owner has alive. No kind has such a name."""
    return Key("credential", f"+{kind}/{owner}")
