"""What a store promises: little, and the same for every one.

A store holds versioned records and a journal per organisation, and knows no rule. `commit` writes all or nothing within one
organisation, and only where every record still has the version the writer saw: that alone makes a handshake single, in
threads, processes and replicas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from msgspec import Struct

from mockserver.engine.decide import Seen
from mockserver.engine.model import FaultPlan, OAuthClient, Organization, Session, Token
from mockserver.journal import Entry, Noted

Kind = Literal["organization", "faults", "client", "token", "session"]
Record: TypeAlias = Organization | FaultPlan | OAuthClient | Token | Session

FORGOTTEN_A_COMMIT = 16
"""Sessions that a commit of sessions forgets at most, beside as many as it writes: others' leavings are not its to pay for."""


LIGHT = 2048
"""Entries of so many bytes at most are bounded by their number alone, and have no weight."""


class Key(Struct, frozen=True, gc=False):
    """Where a record lives within its organisation. The records of kind `organization` and `faults` have the id ``""``."""

    kind: Kind
    id: str = ""


ORGANIZATION = Key("organization")
FAULTS = Key("faults")


class Write(Struct, frozen=True, gc=False):
    """One change: where `key` holds version `expected` (None: holds nothing), put `new` (None: remove).

    For sessions, `ends_at` is when it ends by itself, or has ended (milliseconds, the organisation's clock; None: never): it
    moves the session from the live ones to the ended ones, which a store may forget; it never decides what a session is.
    """

    key: Key
    expected: int | None
    new: Record | None
    ends_at: int | None = None


class Use(Struct, frozen=True, gc=False):
    """One more request with a token, by `access.count_use`, if the token still has `version`.

    It is refused, as a change is, if the minute has `limit` requests already.
    """

    token: str
    version: int
    limit: int | None


class Issue(Struct, frozen=True, gc=False):
    """One more token for a client, by `access.count_issue`, if the client still has `version`.

    The token that is written with it gets its number.
    """

    client: str
    version: int
    bound: int | None


class Loaded(Struct, frozen=True):
    """Records in the order of the keys asked for (None: holds nothing), and how many sessions are live.

    `system` is what the system's clock read then, from which the organisation's own clock follows.
    """

    records: Sequence[Record | None]
    live_sessions: int
    system: int


class Bounds(NamedTuple):
    """How much an organisation may keep of each: beyond it the oldest is forgotten. Live sessions are the engine's to bound.

    A client that asks for a token with every call is why tokens are bounded, though they expire: they may do so in a day.
    """

    max_ended_sessions: int = 100_000
    journal_entries: int = 10_000
    max_tokens: int = 100_000
    journal_bytes: int = 16 << 20
    """An organisation's journal keeps so many bytes at most of entries that have a weight."""


class Store(Protocol):
    """The protocol; `tests/mockserver/stores` holds every implementation to it.

    Any method may raise StoreUnavailable. Methods may be called from any thread.
    """

    shared: bool
    """Whether several processes may use it at once."""

    def time(self) -> int:
        """Return the time of the store's clock, which all who share it go by.

        It is as near as can be said without asking a server: what decides is read by `load`.
        """
        ...

    def load(self, organization: str, keys: Sequence[Key], arrival: Noted | None = None, system: int | None = 0) -> Loaded:
        """Reads `keys` at one moment: that at which the system's clock reads `system` (milliseconds).

        None takes the store's own clock, which never goes back, as it is at this moment.

        The organisation's own clock, which never goes back, then tells which sessions are live, and stamps `arrival`, which is
        journalled in the same step. An organisation that does not exist has neither.
        """
        ...

    def look(
        self,
        organization: str,
        client_id: str,
        token: str,
        session: str,
        arrival: Noted | None = None,
        system: int | None = 0,
    ) -> Seen | None:
        """Reads at one moment all that a call's decision may need, and journals its arrival, as `load` does: in one round trip.

        None where the organisation does not exist; then nothing is journalled.
        """
        ...

    def note(self, organization: str, noted: Noted, at: int, version: int | None = None) -> int:
        """Journals one entry stamped `at` and returns its number; the organisation need not exist.

        Returns 0 and journals nothing if the organisation's record does not have this `version`.
        """
        ...

    def commit(
        self,
        organization: str,
        writes: Sequence[Write],
        noted: Noted | None,
        commit_id: str,
        now: int,
        retention: int,
        stamp: int | None = None,
        version: int | None = None,
        afresh: bool = False,
        count: Use | Issue | None = None,
        room: int | None = None,
    ) -> bool:
        """Applies all `writes` and journals `noted`, or does nothing and returns False because a record has changed.

        `commit_id` is unique to this attempt: soon repeated, a commit that was applied is not applied again and answers True
        again. `now` and `retention` (milliseconds) let the store forget sessions that ended longer ago; `noted` is stamped
        `stamp`, where it is not `now`.
        If `version` is given, the organisation's record must have it too: what was decided by a
        policy and a clock is written while they hold. `afresh` first forgets all sessions, all
        tokens and the journal, and keeps this entry out of it.

        `count` changes counts at `now` as they are then, whoever else has counted since they were
        read; counts have no part in versions, and a later write of the record keeps them. `room` is
        how many sessions may be live at most, once these are written.
        An organisation that does not exist takes no writes but those that come with its record; an OAuth client that another
        organisation has counts as changed.
        """
        ...

    def records(self, organization: str, kind: Kind, limit: int = 1000, after: int = 0) -> Sequence[tuple[int, Record]]:
        """Return up to `limit` records of `kind` with their places, those after the place `after`.

        Places are numbers that ascend in the order the records were first written. No place is
        given twice, so a walk goes on after a place even if its record was forgotten meanwhile.
        """
        ...

    def place(self, organization: str, key: Key) -> int | None:
        """Return the place of a session, a token or a client, None if there is none of that id."""
        ...

    def entries(self, organization: str, after: int = 0, limit: int = 1000) -> Sequence[Entry]:
        """Up to `limit` journal entries with a number greater than `after`, oldest first."""
        ...

    def organizations(self) -> Sequence[str]:
        """Ids of all organisations, in order of creation."""
        ...

    def find_client(self, client_id: str) -> str | None:
        """The organisation that has this OAuth client."""
        ...

    def clear(self, organization: str) -> None:
        """Forgets the organisation: records, journal, clients."""
        ...

    def clear_journal(self, organization: str) -> None:
        """Empties the journal; numbers go on."""
        ...

    def begin_visit(self, name: str, seconds: int) -> None:
        """Keep the name of somebody's visit for so long. Who shares the store knows it too."""
        ...

    def has_visit(self, name: str) -> bool:
        """Return whether the visit has begun and not ended."""
        ...

    def end_visit(self, name: str) -> None:
        """End a visit."""
        ...

    def ping(self) -> None:
        """Raises StoreUnavailable where the store cannot serve."""
        ...

    def close(self) -> None:
        """Gives back connections."""
        ...
