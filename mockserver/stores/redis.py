"""The store that workers and replicas share: Redis or Valkey, 7.0 or newer.

An organisation is five keys, read or changed by one script at a time:

- `records`, a hash: ``session:ID`` → record
- `order`, records by kind and first writing
- `ends`, sessions by their end, and `credential_ends`, the same of declared platforms' credentials
- `journal`, a stream

`applied:ID` marks a commit for a short while, and `visit:NAME` a visit to the console until it ends. No rule of the platform
depends on expiry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

import msgspec

from mockserver.clock import system_clock
from mockserver.engine.decide import Seen
from mockserver.engine.life import MINUTE
from mockserver.engine.model import Credential, FaultPlan, Organization
from mockserver.errors import StoreUnavailable
from mockserver.journal import Entry, PendingEntry, TraceError
from mockserver.stores.base import (
    FAULTS,
    FORGOTTEN_A_COMMIT,
    LIGHT,
    ORGANIZATION,
    TIMED,
    Bounds,
    Issue,
    Key,
    Kind,
    Loaded,
    Record,
    Use,
    Write,
)
from mockserver.stores.codec import decode_entry, decode_record, encode_entry, encode_record
from mockserver.stores.deadlines import NEVER
from mockserver.stores.directory import Directory
from mockserver.stores.keys import Keys, field, to_text
from mockserver.stores.link import Link, LuaScript

KEYS = ("records", "order", "ends", "credential_ends", "journal")
"""The keys of an organisation, in the order in which `commit.lua` takes them."""

RANKS: dict[Kind, int] = {
    "organization": 0,
    "faults": 1,
    "client": 2,
    "registered": 3,
    "token": 4,
    "session": 5,
    "credential": 6,
}
"""Kinds in the order they have in `order`. `commit.lua` knows those of clients, tokens, sessions and credentials."""

_Looked: TypeAlias = tuple[Organization | None, FaultPlan | None, Credential | None, Credential | None, Credential | None]

SURE = 5
"""The number of timeouts that a commit is remembered. It is repeated at once or never."""


class RedisStore:
    """A store at `url`, in redis-py's syntax: ``redis://``, ``rediss://`` or ``unix://``. Keys begin with `prefix`.

    A call takes at most `timeout` seconds to connect and as much for the answer, a commit twice that. The URL may set another
    timeout.
    """

    shared = True

    def __init__(self, url: str, bounds: Bounds = Bounds(), prefix: str = "dayfly:", timeout: float = 2.0) -> None:
        """Raise SettingsError if `url` or the installation cannot be used. It connects when first used."""
        self._link = Link(url, timeout)
        self._bounds, self._keys = bounds, Keys(prefix)
        self._directory = Directory(self._link, self._keys)
        self._journal_bounds = (
            bounds.journal_entries,
            LIGHT,
            bounds.journal_bytes + bounds.journal_entries * LIGHT,
        )
        self._own_time = system_clock()
        self._ahead = self._latest = 0
        self._remember = int(self._link.timeout * 1000 * SURE)
        self._load, self._note = LuaScript("load"), LuaScript("note")
        self._commit, self._list = LuaScript("commit"), LuaScript("list")

    def load(
        self, organization: str, keys: Sequence[Key], arrival: PendingEntry | None = None, system: int | None = 0
    ) -> Loaded:
        live, values, time = self._link.run(
            self._load,
            self._keys.of(organization, "records", "ends", "journal"),
            _or_none(system),
            *self._journal_bounds,
            encode_entry(arrival) if arrival is not None else b"",
            *map(field, keys),
        )
        records = [self._decoded(key.kind, value) for key, value in zip(keys, values[1:], strict=True)]
        if system is None:
            self._ahead = int(time) - self._own_time()
        return Loaded(records, live, int(time))

    def time(self) -> int:
        """See Store: this process's clock, plus the server's lead when that was last read."""
        now = self._latest = max(self._latest, self._own_time() + self._ahead)
        return now

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
        usual = (ORGANIZATION, FAULTS, Key("client", client_id), Key("token", token), Key("session", session))
        loaded = self.load(organization, (*usual, *keys), arrival, system)
        found, faults, client, held, live = cast(_Looked, loaded.records[:5])
        if found is None:
            return None
        now = found.clock.reading(loaded.system)
        asked = zip(keys, loaded.records[5:], strict=True)
        records = {key.id: record for key, record in asked if isinstance(record, Credential)}
        return Seen(found, now, client, held, live, loaded.live_sessions, faults, records)

    def note(self, organization: str, noted: PendingEntry, at: int, version: int | None = None) -> int:
        id = self._link.run(
            self._note,
            self._keys.of(organization, "records", "journal"),
            _or_none(version),
            *self._journal_bounds,
            at,
            encode_entry(noted),
        )
        return 0 if id is None else _number(id)

    def commit(
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
        terms = _or_none(version), int(afresh), _or_none(room), *_counting(count)
        done = self._directory.announce(organization, writes) and self._write(
            organization, writes, noted, commit_id, now, retention, now if stamp is None else stamp, terms
        )
        self._directory.withdraw(organization, writes)
        return done

    def records(self, organization: str, kind: Kind, limit: int = 1000, after: int = 0) -> Sequence[tuple[int, Record]]:
        keys = self._keys.of(organization, "records", "order")
        places, values = self._link.run(self._list, keys, RANKS[kind], limit, after)
        decoded = zip(places, (self._decoded(kind, value) for value in values), strict=True)
        return [(place, record) for place, record in decoded if record is not None]

    def place(self, organization: str, key: Key) -> int | None:
        score = self._link.call("ZSCORE", *self._keys.of(organization, "order"), field(key))
        return None if score is None else int(float(score)) - (RANKS[key.kind] << 48)

    def entries(self, organization: str, after: int = 0, limit: int = 1000) -> Sequence[Entry]:
        (journal,) = self._keys.of(organization, "journal")
        found = self._link.call("XRANGE", journal, f"(0-{after}", "+", "COUNT", limit) if limit > 0 else []
        try:
            return [decode_entry(_number(id), int(fields[1]), fields[3]) for id, fields in found]
        except TraceError as error:
            raise StoreUnavailable(self._link.url, f"its journal cannot be read by this version: {error}") from error

    def newest(self, organization: str) -> int:
        found = self._link.call("XREVRANGE", *self._keys.of(organization, "journal"), "+", "-", "COUNT", 1)
        return _number(found[0][0]) if found else 0

    def organizations(self) -> Sequence[str]:
        return self._directory.organizations()

    def find_client(self, client_id: str) -> str | None:
        return self._directory.owner(client_id)

    def clear(self, organization: str) -> None:
        records, order, *others = self._keys.of(organization, *KEYS)
        rank = RANKS["client"]
        clients = self._link.call("ZRANGEBYSCORE", order, rank << 48, f"({(rank + 1) << 48}")
        self._link.call("UNLINK", records, order, *others)
        for client in clients:
            self._directory.disown(organization, to_text(client).removeprefix("client:"))
        self._directory.strike(organization)

    def clear_journal(self, organization: str) -> None:
        self._link.call("XTRIM", *self._keys.of(organization, "journal"), "MAXLEN", "=", 0)

    def begin_visit(self, name: str, seconds: int) -> None:
        self._link.call("SET", self._keys.visit(name), 1, "EX", seconds)

    def has_visit(self, name: str) -> bool:
        return bool(self._link.call("EXISTS", self._keys.visit(name)))

    def end_visit(self, name: str) -> None:
        self._link.call("UNLINK", self._keys.visit(name))

    def ping(self) -> None:
        self._link.call("PING")

    def close(self) -> None:
        self._link.close()

    def _write(
        self,
        organization: str,
        writes: Sequence[Write],
        noted: PendingEntry | None,
        commit_id: str,
        now: int,
        retention: int,
        stamp: int,
        terms: tuple[bytes | int, ...],
    ) -> bool:
        bounds, sessions = self._bounds, sum(write.key.kind in TIMED for write in writes)
        done = self._link.run(
            self._commit,
            self._keys.of(organization, *KEYS, f"applied:{commit_id}"),
            now,
            now - retention,
            bounds.max_ended_sessions,
            FORGOTTEN_A_COMMIT + sessions if sessions else 0,
            bounds.max_tokens,
            bounds.journal_entries,
            stamp,
            encode_entry(noted) if noted is not None else b"",
            self._remember,
            _clock(writes),
            *terms,
            *self._journal_bounds[1:],
            *(part for write in writes for part in _parts(write)),
            repeatable=True,
        )
        return bool(done)

    def _decoded(self, kind: Kind, value: bytes | None) -> Record | None:
        if value is None:
            return None
        try:
            return decode_record(kind, value)
        except msgspec.DecodeError as error:
            raise StoreUnavailable(self._link.url, f"a {kind} in it cannot be read by this version: {error}") from error


def _number(id: bytes) -> int:
    return int(id.partition(b"-")[2])


def _parts(write: Write) -> tuple[bytes | int, ...]:
    key, new = write.key, write.new
    ends_at: int | bytes = b""
    if key.kind in TIMED:
        ends_at = NEVER if write.ends_at is None else write.ends_at
    value = b"" if new is None else encode_record(key.kind, new)
    return field(key), RANKS[key.kind], _or_none(write.expected), value, ends_at


def _counting(count: Use | Issue | None) -> tuple[bytes | int, ...]:
    """Return a count as arguments for `commit.lua`: the kind, the field, the expected version, and the limit."""
    if count is None:
        return b"", b"", b"", b"", b""
    if isinstance(count, Use):
        return b"use", field(Key("token", count.token)), count.version, _or_none(count.limit), MINUTE
    return b"issue", field(Key("client", count.client)), count.version, _or_none(count.bound), b""


def _or_none(number: int | None) -> int | bytes:
    """Return a number as an argument for scripts, or an empty one."""
    return b"" if number is None else number


def _clock(writes: Sequence[Write]) -> str:
    """Return the clock of an organisation that is written, in the scripts' form, and the record's version."""
    for write in writes:
        if write.key.kind == "organization":
            if not isinstance(write.new, Organization):
                return "-"
            clock = write.new.clock
            stands = f"+{clock.offset}" if clock.frozen_at is None else f"={clock.frozen_at}"
            return f"{stands} {write.new.version}"
    return ""
