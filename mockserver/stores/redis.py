"""The store that workers and replicas share: Redis or Valkey, 7.0 or newer, alone or as a cluster.

All that belongs to an organisation is in four keys with the organisation as their hash tag, and is read or changed by one
script at a time: `records` (a hash: ``session:ID`` → record), `order` (record by kind and first writing), `ends` (session by
the time it ends), `journal` (a stream). A commit is known again by `applied:ID` for a short while. No rule depends on expiry.

Two indexes lead from outside to an organisation and have slots of their own, so no script can change them along with it:
`client:{ID}` and `organizations`. They are written before what they lead to, and believed only where it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast
from urllib.parse import quote

import msgspec

from mockserver.engine.decide import Seen
from mockserver.engine.model import FaultPlan, OAuthClient, Organization, Session, Token
from mockserver.errors import StoreUnavailable
from mockserver.journal import Entry, Noted, TraceError
from mockserver.stores.base import FAULTS, FORGOTTEN_A_COMMIT, ORGANIZATION, Bounds, Key, Kind, Loaded, Record, Write
from mockserver.stores.codec import decode_entry, decode_record, encode_entry, encode_record
from mockserver.stores.deadlines import NEVER
from mockserver.stores.link import Link, Script

RANKS: dict[Kind, int] = {"organization": 0, "faults": 1, "client": 2, "token": 3, "session": 4}
"""Kinds in the order they have in `order`; `commit.lua` knows that of tokens."""

_Looked: TypeAlias = tuple[Organization | None, FaultPlan | None, OAuthClient | None, Token | None, Session | None]

SURE = 5
"""How many timeouts long a commit is remembered: it is repeated at once, or never."""


class RedisStore:
    """A store at `url`, which redis-py reads: ``redis://``, ``rediss://`` or ``unix://``. Keys begin with `prefix`.

    A call takes at most `timeout` seconds for connecting and as much for the answer, a commit twice that.
    """

    shared = True

    def __init__(self, url: str, bounds: Bounds = Bounds(), prefix: str = "dayfly:", timeout: float = 2.0) -> None:
        """Raises SettingsError where `url` or the installation is of no use; connects when first used."""
        self._link = Link(url, timeout)
        self._bounds, self._prefix = bounds, prefix
        self._remember = int(timeout * 1000 * SURE)
        self._load, self._commit, self._list, self._release = map(Script, ("load", "commit", "list", "release"))

    def load(self, organization: str, keys: Sequence[Key], arrival: Noted | None = None, system: int = 0) -> Loaded:
        """See Store."""
        live, values = self._link.run(
            self._load,
            self._keys(organization, "records", "ends", "journal"),
            system,
            self._bounds.journal_entries,
            encode_entry(arrival) if arrival is not None else b"",
            *map(_field, keys),
        )
        records = [self._decoded(key.kind, value) for key, value in zip(keys, values[1:], strict=True)]
        return Loaded(records, live)

    def look(
        self, organization: str, client_id: str, token: str, session: str, arrival: Noted | None = None, system: int = 0
    ) -> Seen | None:
        """See Store."""
        keys = (ORGANIZATION, FAULTS, Key("client", client_id), Key("token", token), Key("session", session))
        loaded = self.load(organization, keys, arrival, system)
        found, faults, client, held, live = cast(_Looked, loaded.records)
        if found is None:
            return None
        return Seen(found, found.clock.reading(system), client, held, live, loaded.live_sessions, faults)

    def note(self, organization: str, noted: Noted, at: int) -> int:
        """See Store."""
        (journal,) = self._keys(organization, "journal")
        id = self._link.call(
            "XADD", journal, "MAXLEN", "=", self._bounds.journal_entries, "0-*", "at", at, "entry", encode_entry(noted)
        )
        return _number(id)

    def commit(
        self,
        organization: str,
        writes: Sequence[Write],
        noted: Noted | None,
        commit_id: str,
        now: int,
        retention: int,
        stamp: int | None = None,
    ) -> bool:
        """See Store."""
        if not self._announce(organization, writes):
            return False
        bounds, sessions = self._bounds, sum(write.key.kind == "session" for write in writes)
        done = self._link.run(
            self._commit,
            self._keys(organization, "records", "order", "ends", "journal", f"applied:{commit_id}"),
            now,
            now - retention,
            bounds.max_ended_sessions,
            FORGOTTEN_A_COMMIT + sessions if sessions else 0,
            bounds.max_tokens,
            bounds.journal_entries,
            now if stamp is None else stamp,
            encode_entry(noted) if noted is not None else b"",
            self._remember,
            _clock(writes),
            *(part for write in writes for part in _parts(write)),
            repeatable=True,
        )
        self._withdraw(organization, writes)
        return bool(done)

    def records(self, organization: str, kind: Kind, limit: int = 1000, after: str = "") -> Sequence[Record]:
        """See Store."""
        keys = self._keys(organization, "records", "order")
        values = self._link.run(self._list, keys, RANKS[kind], limit, _field(Key(kind, after)) if after else b"")
        return [record for value in values if (record := self._decoded(kind, value)) is not None]

    def entries(self, organization: str, after: int = 0, limit: int = 1000) -> Sequence[Entry]:
        """See Store."""
        (journal,) = self._keys(organization, "journal")
        found = self._link.call("XRANGE", journal, f"(0-{after}", "+", "COUNT", limit) if limit > 0 else []
        try:
            return [decode_entry(_number(id), int(fields[1]), fields[3]) for id, fields in found]
        except TraceError as error:
            raise StoreUnavailable(self._link.url, f"its journal cannot be read by this version: {error}") from error

    def organizations(self) -> Sequence[str]:
        """See Store."""
        ids = [_text(id) for id in self._link.call("ZRANGE", self._organizations_key, 0, -1)]
        exist = self._link.calls([("HEXISTS", *self._keys(id, "records"), "clock") for id in ids]) if ids else []
        return [id for id, exists in zip(ids, exist, strict=True) if exists]

    def find_client(self, client_id: str) -> str | None:
        """See Store."""
        owner = self._link.call("GET", self._owner_key(client_id))
        return None if owner is None else _text(owner)

    def clear(self, organization: str) -> None:
        """See Store."""
        keys = self._keys(organization, "records", "order", "ends", "journal")
        clients = self._link.call("ZRANGEBYSCORE", keys[1], RANKS["client"] << 48, f"({RANKS['client'] + 1 << 48}")
        self._link.call("UNLINK", *keys)
        for field in clients:
            self._disown(organization, _text(field).removeprefix("client:"))
        self._link.call("ZREM", self._organizations_key, _bytes(organization))

    def clear_journal(self, organization: str) -> None:
        """See Store."""
        self._link.call("XTRIM", *self._keys(organization, "journal"), "MAXLEN", "=", 0)

    def ping(self) -> None:
        """See Store."""
        self._link.call("PING")

    def close(self) -> None:
        """See Store."""
        self._link.close()

    # -- what leads to an organisation -------------------------------------------------------------------------------

    def _announce(self, organization: str, writes: Sequence[Write]) -> bool:
        """Enters into the indexes what is about to be written; False where an OAuth client belongs to another organisation."""
        for write in writes:
            if write.expected is not None or write.new is None:
                continue
            if write.key.kind == "organization":
                number = self._link.call("INCR", f"{self._prefix}organizations:written")
                self._link.call("ZADD", self._organizations_key, "NX", number, _bytes(organization))
            elif write.key.kind == "client" and not self._own(organization, write.key.id):
                return False
        return True

    def _withdraw(self, organization: str, writes: Sequence[Write]) -> None:
        """Takes out of the indexes what has not been written after all, or was removed."""
        for write in writes:
            if write.expected is not None and write.new is not None:
                continue
            if write.key.kind == "organization" and write.new is None:
                self._link.call("ZREM", self._organizations_key, _bytes(organization))
            elif write.key.kind == "client" and not self._holds(organization, write.key):
                self._disown(organization, write.key.id)

    def _own(self, organization: str, client_id: str) -> bool:
        key = self._owner_key(client_id)
        owner = self._link.call("SET", key, _bytes(organization), "NX", "GET")
        if owner is None or _text(owner) == organization:
            return True
        if self._holds(_text(owner), Key("client", client_id)):
            return False
        self._link.call("SET", key, _bytes(organization))  # who announced it never wrote it
        return True

    def _disown(self, organization: str, client_id: str) -> None:
        self._link.run(self._release, [self._owner_key(client_id)], _bytes(organization))

    def _holds(self, organization: str, key: Key) -> bool:
        return bool(self._link.call("HEXISTS", *self._keys(organization, "records"), _field(key)))

    # -- names and values --------------------------------------------------------------------------------------------

    def _keys(self, organization: str, *names: str) -> list[str]:
        tag = _tag(organization)
        return [f"{self._prefix}{tag}:{name}" for name in names]

    @property
    def _organizations_key(self) -> str:
        return f"{self._prefix}organizations"

    def _owner_key(self, client_id: str) -> str:
        return f"{self._prefix}client:{_tag(client_id)}"

    def _decoded(self, kind: Kind, value: bytes | None) -> Record | None:
        if value is None:
            return None
        try:
            return decode_record(kind, value)
        except msgspec.DecodeError as error:
            raise StoreUnavailable(self._link.url, f"a {kind} in it cannot be read by this version: {error}") from error


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogatepass")


def _tag(text: str) -> str:
    """A hash tag, never empty: an empty one is none."""
    return f"{{{quote(_bytes(text), safe='') or '%'}}}"


def _field(key: Key) -> bytes:
    return _bytes(f"{key.kind}:{key.id}")


def _number(id: bytes) -> int:
    return int(id.partition(b"-")[2])


def _parts(write: Write) -> tuple[bytes | int, ...]:
    """A write as `commit.lua` takes it."""
    key, new = write.key, write.new
    ends_at: int | bytes = b""
    if key.kind == "session":
        ends_at = NEVER if write.ends_at is None else write.ends_at
    expected = b"" if write.expected is None else write.expected
    return _field(key), RANKS[key.kind], expected, b"" if new is None else encode_record(new), ends_at


def _clock(writes: Sequence[Write]) -> str:
    """The clock of an organisation that is written, as the scripts read it."""
    for write in writes:
        if write.key.kind == "organization":
            if not isinstance(write.new, Organization):
                return "-"
            clock = write.new.clock
            return f"+{clock.offset}" if clock.frozen_at is None else f"={clock.frozen_at}"
    return ""
