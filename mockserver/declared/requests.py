"""Requests on a store: one step reads and journals the arrival, another decides and writes.

If a record has changed in between, the request is decided again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mockserver.declared.decide import Decider, Decision, Snapshot, owner_shown, place_of
from mockserver.declared.entries import DeclaredAnswerNote, retry_after
from mockserver.engine import life
from mockserver.engine.decide import Seen
from mockserver.engine.model import Credential
from mockserver.errors import ConflictError
from mockserver.faults import Effect
from mockserver.journal import PendingEntry
from mockserver.platform.model import Operation
from mockserver.service import ATTEMPTS
from mockserver.stores.base import LIGHT, Key, Record, Write
from mockserver.wire.message import Response

if TYPE_CHECKING:
    from mockserver.declared.handler import DeclaredCall
    from mockserver.declared.mock import Mock

REMEMBERED = 1024
"""The number of credentials whose owners are remembered."""


class DeclaredRequests:
    """The requests to a mock. Any thread may use it."""

    def __init__(self, mock: Mock) -> None:
        self._mock, self._platform, self._store, self._service = mock, mock.platform, mock.store, mock.service
        operations: list[Operation | None] = [None, *mock.platform.operations.values()]
        self._deciders = {one and one.name: Decider(mock.platform, one, mock.mint) for one in operations}
        self._limited = [kind.name for kind in mock.platform.kinds.values() if kind.life.live is not None]
        self._within = {kind.name: kind.within or "" for kind in mock.platform.kinds.values()}
        self._owners: dict[str, Key] = {}  # of credentials, which never change

    def arrive(self, call: DeclaredCall) -> Seen:
        """Read what a request shows, and journal its arrival. Return the organisation with its faults."""
        for _ in range(ATTEMPTS):
            read = self._load(call, call)
            if read is not None:
                call.read, call.seen, call.arrived_at = read, read.store, read.now
                if self._service.has_sink:
                    self._service.sink(call, read.now)
                return read.store
            self._mock.restore()
        raise ConflictError("the organization", ATTEMPTS)

    def answer(self, call: DeclaredCall, render: Callable[[DeclaredCall, Decision], Response]) -> Response:
        """Decide a request, write what follows from it, and journal the answer. Raises StoreUnavailable, ConflictError."""
        for attempt in range(ATTEMPTS):
            seen: Snapshot | None = call.read if attempt == 0 and not call.effect.before else self._load(call)
            if seen is None:
                self._mock.restore()
                continue
            call.read = None  # the journal keeps the call, and not what was read for it
            call.seen, call.now = seen.store, seen.now
            if self._limited or not seen.has_owners:
                self._complete(call, seen)
            called, effect = call.called, call.effect
            decider = self._deciders[None if called is None else called.name]
            if not effect.acts:
                decision = self._struck(decider, effect, seen)
            elif called is None:
                decision = decider.turn_away(call.row, call.detail, seen)
            else:
                decision = decider.decide(call.message, seen)
            response = render(call, decision)
            if self._write(call, seen, decision, response, attempt):
                call.decision = decision
                return response
        raise ConflictError("a credential", ATTEMPTS)

    def _struck(self, decider: Decider, effect: Effect, seen: Snapshot) -> Decision:
        """Decide a request that a fault answers."""
        row = self._platform.refused.get(str(effect.status))
        if row is None or row.harmless or effect.emptied:
            return Decision(self._platform.refused["route"], {}, {}, acted=False)
        return decider.struck(row, seen)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _load(self, call: DeclaredCall, arrival: PendingEntry | None = None) -> Snapshot | None:
        """Read what a request shows, with its owners as far as they are known or likely, in one round trip.

        None: the store was emptied.
        """
        mock, shown, keys = self._mock, call.shown, self._keys(call)
        store = self._store.look(mock.organization, "", "", "", arrival, self._service.moment(), keys)
        if store is None:
            return None
        found: dict[str, Credential] = {}
        owners: dict[str, Credential] = {}
        records, has_owners = store.records, True
        for kind, key in zip(shown, keys, strict=False):
            record = records.get(key.id)
            if record is not None:
                found[kind] = record
                if record.within:
                    its = records.get(f"{self._within[kind]}/{record.within}")
                    if its is None or its.within:
                        has_owners = False
                    else:
                        owners[kind] = its
        return Snapshot(store, store.now, shown, found, owners, records, has_owners)

    def _keys(self, call: DeclaredCall) -> list[Key]:
        """Return the places of what a request shows, and after them those of the owners."""
        places, known, keys = self._mock.places, self._owners, list[Key]()
        for kind, id in call.shown.items():
            keys.append(Key(places[kind], f"{kind}/{id}"))
        keys += self._mock.likely[None if call.called is None else call.called.name]
        if known:
            for key in keys:
                owner = known.get(key.id)
                if owner is not None and owner not in keys:
                    keys.append(owner)
        return keys

    def _complete(self, call: DeclaredCall, seen: Snapshot) -> None:
        """Add the owners that are still to be read, and what lives beside the credentials to be issued."""
        for name, record in seen.found.items():
            owner = self._owner(record, seen) if record.within else None
            if owner is not None:
                seen.owners[name] = owner
        for name in self._limited:
            if call.called is None or name in call.called.issues:
                seen.crowds[name] = self._crowd(name, seen)

    def _owner(self, record: Credential, seen: Snapshot) -> Credential | None:
        """Return a credential's owner with its own owners' effect. Owners are read once for a request."""
        place = f"{self._within[record.kind]}/{record.within}"
        owner = seen.records.get(place)
        if owner is None:
            (found,) = self._read([self._remember_owner(record)])
            if not isinstance(found, Credential):
                return None
            owner = seen.records[place] = found
        return life.inherited(owner, self._owner(owner, seen)) if owner.within else owner

    def _remember_owner(self, record: Credential) -> Key:
        """Return the place of a credential's owner, which is read along with it from now on."""
        if len(self._owners) >= REMEMBERED:
            self._owners.clear()
        within = self._within[record.kind]
        key = self._owners[f"{record.kind}/{record.id}"] = Key(self._mock.places[within], f"{within}/{record.within}")
        return key

    def _crowd(self, name: str, seen: Snapshot) -> tuple[Credential, ...]:
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
        read = self._read([self._mock.key(name, id or "") for id in crowd.bound])
        members = [one for one in read if isinstance(one, Credential)]
        seen.records |= {key.id: crowd, **{place_of(name, one.id): one for one in members}}
        return tuple(one for one in members if seen.now < one.ends_at)

    def _read(self, keys: Sequence[Key]) -> Sequence[Record | None]:
        return self._store.load(self._mock.organization, keys, None, self._service.moment()).records

    # -- writing -----------------------------------------------------------------------------------------------------

    def _write(self, call: DeclaredCall, seen: Snapshot, decision: Decision, response: Response, attempt: int) -> bool:
        """Write what a decision changes, and journal the answer. Return False if a record has changed meanwhile."""
        writes, places, records = [], self._mock.places, seen.records
        for place, record in decision.writes.items():
            former = records.get(place)
            expected = None if former is None else former.version
            writes.append(Write(Key(places[record.kind], place), expected, record, record.ends_at))
        for name, id in decision.issued.items():
            issued = decision.writes[f"{name}/{id}"]
            if name in self._limited:
                writes.append(self._joined(issued, seen, decision))
            likely = self._mock.registered.get(self._within[name])
            if issued.within and (likely is None or likely.id != issued.within):
                self._remember_owner(issued)
        decision.writes = WRITTEN  # the journal keeps the decision, and the organisation as it was read
        records.clear()
        wait = retry_after(response.headers) if response.status >= 300 else ""
        size = len(response.body)
        noted = DeclaredAnswerNote(
            call, decision, response.status, response.delivery, response.body, wait, size if size > LIGHT else 0
        )
        now, commit_id = seen.now, call.context_id if attempt == 0 else f"{call.context_id}:{attempt}"
        return self._service.write(seen.store.organization, writes, noted, now, now + call.effect.after, commit_id)

    def _joined(self, new: Credential, seen: Snapshot, decision: Decision) -> Write:
        """Return the write of a crowd that a new credential joins. What has ended leaves it."""
        key, alive = crowd_of(new.kind, new.within), [new.id]
        former = seen.records.get(key.id)
        version = expires_at = 0
        if former is not None:
            version, expires_at = former.version, former.expires_at
            places = [place_of(new.kind, id or "") for id in former.bound]
            members = [decision.writes.get(place) or seen.records.get(place) for place in places]
            alive[:0] = [one.id for one in members if one is not None and seen.now < one.ends_at]
        ends_at = max(expires_at, new.expires_at)
        record = Credential(kind="", id=key.id, version=version + 1, bound=tuple(alive), expires_at=ends_at)
        return Write(key, version or None, record, ends_at)


WRITTEN: dict[str, Credential] = {}
"""The rest to write of a decision that is written: nothing."""


def crowd_of(kind: str, owner: str) -> Key:
    """Return the place of the ids of a kind that an owner has alive. No kind has such a name."""
    return Key("credential", f"+{kind}/{owner}")
