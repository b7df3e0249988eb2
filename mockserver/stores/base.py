"""The interface of every store, which promises little.

A store holds versioned records and a journal per organisation, and does not know the platform's rules. `commit` writes all or
nothing within one organisation, and only if every record still has the version that the writer saw. That alone makes a
handshake single, across threads, processes and replicas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from msgspec import Struct

from mockserver.engine.decide import Seen
from mockserver.engine.model import Credential, FaultPlan, Organization
from mockserver.journal import Entry, PendingEntry

Kind = Literal["organization", "faults", "client", "token", "session", "registered", "credential"]
"""A kind of record. The last two are for credentials of declared platforms, whose ids begin with their kind: ``nonce/ID``."""

TIMED: tuple[Kind, ...] = ("session", "credential")
"""Kinds whose records end by themselves, and are then forgotten."""
Record: TypeAlias = Organization | FaultPlan | Credential

FORGOTTEN_A_COMMIT = 16
"""Sessions that a commit of sessions may forget beyond those it writes. This limits the cost that others' sessions add."""


LIGHT = 2048
"""Entries up to this many bytes have no weight: only their number is limited."""


class Key(Struct, frozen=True, gc=False):
    """The place of a record within its organisation. Records of kind `organization` and `faults` have the id ``""``."""

    kind: Kind
    id: str = ""


ORGANIZATION = Key("organization")
FAULTS = Key("faults")


class Write(Struct, frozen=True, gc=False):
    """One change: if `key` holds version `expected` (None: nothing), put `new` (None: remove).

    `ends_at`, for TIMED kinds only, is when the record ends by itself or has ended, in milliseconds on the organisation's clock
    (None: never). It moves the record from the live ones to the ended ones, which a store may forget. It does not decide its
    state.
    """

    key: Key
    expected: int | None
    new: Record | None
    ends_at: int | None = None


class Use(Struct, frozen=True, gc=False):
    """One more request with a token, counted by `life.count_use`, if the token still has `version`.

    Like a change, it is refused if the minute has `limit` requests already.
    """

    token: str
    version: int
    limit: int | None


class Issue(Struct, frozen=True, gc=False):
    """One more token for a client, counted by `life.count_issue`, if the client still has `version`.

    The token that is written with it gets its number.
    """

    client: str
    version: int
    bound: int | None


class Loaded(Struct, frozen=True):
    """Records in the order of the keys (None: no record), and the number of live sessions.

    `system` is the system's time at the reading, from which the organisation's time follows.
    """

    records: Sequence[Record | None]
    live_sessions: int
    system: int


class Bounds(NamedTuple):
    """The most that an organisation keeps of each kind. Beyond that the oldest are forgotten. Live sessions are limited
    elsewhere.

    Tokens need a limit although they expire, because a client may ask for one with every call, and they live for a day.
    """

    max_ended_sessions: int = 100_000
    journal_entries: int = 10_000
    max_tokens: int = 100_000
    journal_bytes: int = 16 << 20
    """The most bytes that an organisation's journal keeps of entries that have a weight."""


class Store(Protocol):
    """The protocol. `tests/mockserver/stores` tests every implementation.

    Any method may raise StoreUnavailable. Methods may be called from any thread.
    """

    shared: bool
    """True if several processes may use it at once."""

    def time(self) -> int:
        """Return the time of the store's clock, which all processes that share the store follow.

        It is an estimate that needs no call to a server. Decisions use the time that `load` reads.
        """
        ...

    def load(
        self, organization: str, keys: Sequence[Key], arrival: PendingEntry | None = None, system: int | None = 0
    ) -> Loaded:
        """Read `keys` at one moment, when the system's clock reads `system` (milliseconds).

        None means the store's own clock at this moment, which never goes back.

        The organisation's clock follows from it, and never goes back either. It decides which sessions are live, and is the
        timestamp of `arrival`, which is journalled in the same step. An organisation that does not exist has no live sessions
        and journals no arrival.
        """
        ...

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
        """Read everything that a call's decision may need and journal its arrival, at one moment and in one round trip.

        `keys` are those of further credentials. Return None if the organisation does not exist; then nothing is journalled.
        """
        ...

    def note(self, organization: str, noted: PendingEntry, at: int, version: int | None = None) -> int:
        """Journal one entry with the timestamp `at` and return its number. The organisation need not exist.

        Return 0 and journal nothing if the organisation's record does not have this `version`.
        """
        ...

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
        """Apply all `writes` and journal `noted`, or do nothing and return False because a record has changed.

        `commit_id` is unique to this attempt. If it is repeated soon after it was applied, it is not applied again, and the
        result is True again. `now` and `retention` (milliseconds) let the store forget sessions that ended longer ago. `stamp`
        is the timestamp of `noted` if it is not `now`.
        If `version` is given, the organisation's record must have it too, so that a decision is written only while its policy
        and clock hold. `afresh` first forgets all sessions, all tokens and the journal, and does not journal this entry.

        `count` changes counts at `now` from their present values, even if others have counted since they were read. Counts do
        not affect versions, and a later write of the record keeps them. `room` is the most sessions that may be live after
        these writes.
        An organisation that does not exist accepts only writes that come with its record. An OAuth client of another
        organisation counts as changed.
        """
        ...

    def records(self, organization: str, kind: Kind, limit: int = 1000, after: int = 0) -> Sequence[tuple[int, Record]]:
        """Return up to `limit` records of `kind` with their places, those after the place `after`.

        Places are numbers that ascend in the order the records were first written. No place is used twice, so a walk can
        continue after a place even if its record was forgotten meanwhile.
        """
        ...

    def place(self, organization: str, key: Key) -> int | None:
        """Return the place of a session, a token or a client, None if there is none with that id."""
        ...

    def entries(self, organization: str, after: int = 0, limit: int = 1000) -> Sequence[Entry]:
        """Return up to `limit` journal entries with a number greater than `after`, oldest first."""
        ...

    def newest(self, organization: str) -> int:
        """Return the number of the newest journal entry, 0 if there are none."""
        ...

    def organizations(self) -> Sequence[str]:
        """Return the ids of all organisations, in order of creation."""
        ...

    def find_client(self, client_id: str) -> str | None:
        """Return the organisation that has this OAuth client, None if there is none."""
        ...

    def clear(self, organization: str) -> None:
        """Delete the organisation with its records, journal and clients."""
        ...

    def clear_journal(self, organization: str) -> None:
        """Empty the journal. Its numbers continue."""
        ...

    def begin_visit(self, name: str, seconds: int) -> None:
        """Keep a visit to the console for so many seconds. All processes that share the store know it."""
        ...

    def has_visit(self, name: str) -> bool:
        """Return whether the visit has begun and not ended."""
        ...

    def end_visit(self, name: str) -> None:
        """End a visit."""
        ...

    def ping(self) -> None:
        """Raise StoreUnavailable if the store cannot serve."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
