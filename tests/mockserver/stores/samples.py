"""Records and journal entries for the stores' tests, and the few calls that most of them make."""

from __future__ import annotations

from itertools import count

from msgspec.structs import replace

from mockserver.engine.decide import oauth_client
from mockserver.engine.model import ClockState, Counts, Credential, Organization
from mockserver.journal import Entry, Perturbed
from mockserver.stores.base import ORGANIZATION, Issue, Key, Kind, Loaded, Record, Store, Use, Write

ORG = "0badcafe"
DAY = 86_400_000
RUNNING = ClockState()

_numbers = count()


class Line:
    """A journal entry that says `text`."""

    def __init__(self, text: str, weight: int = 0) -> None:
        self.text, self.weight = text, weight

    def entry(self, seq: int, at: int) -> Entry:
        return Perturbed(seq=seq, at=at, what=self.text)


def line(seq: int, at: int, text: str) -> Entry:
    return Perturbed(seq=seq, at=at, what=text)


def organization(id: str = ORG, version: int = 1, clock: ClockState = RUNNING) -> Organization:
    return Organization(id=id, version=version, clock=clock)


def client(id: str, organization: str = ORG, version: int = 1) -> Credential:
    return replace(oauth_client(id, organization, "s"), version=version)


def token(value: str, version: int = 1) -> Credential:
    return Credential(kind="token", id=value, version=version, within="c", expires_at=DAY)


def session(id: str, version: int = 1) -> Credential:
    return Credential(kind="session", id=id, version=version, within="c", idle_at=DAY, expires_at=DAY, left=1)


def counted(record: Credential, last_used: int = 0, **counts: int) -> Credential:
    """Return a record with these counts."""
    return replace(record, counts=Counts(**counts), last_used=last_used)


def put(record: Record, expected: int | None = None, ends_at: int | None = None) -> Write:
    """Return the write that puts `record` in place of its version `expected`."""
    return Write(key_of(record), expected, record, ends_at)


def key_of(record: Record) -> Key:
    match record:
        case Organization():
            return ORGANIZATION
        case Credential(kind="client" | "token" | "session" as kind):
            return Key(kind, record.id)
        case _:
            return Key("faults")


def commit(
    store: Store,
    *writes: Write,
    organization: str = ORG,
    now: int = 0,
    noted: str | None = None,
    retention: int = DAY,
    id: str | None = None,
    stamp: int | None = None,
    version: int | None = None,
    afresh: bool = False,
    count: Use | Issue | None = None,
    room: int | None = None,
) -> bool:
    """A commit with an id of its own, unless `id` is given."""
    entry = Line(noted) if noted is not None else None
    return store.commit(
        organization,
        writes,
        entry,
        id or f"commit-{next(_numbers)}",
        now,
        retention,
        stamp,
        version=version,
        afresh=afresh,
        count=count,
        room=room,
    )


def found(store: Store, id: str = ORG, clock: ClockState = RUNNING) -> None:
    """Makes an organisation."""
    assert commit(store, put(organization(id, clock=clock)), organization=id)


def read(store: Store, *keys: Key, organization: str = ORG, system: int = 0, arrival: str | None = None) -> Loaded:
    return store.load(organization, keys, Line(arrival) if arrival is not None else None, system)


def live(store: Store, at: int) -> int:
    return read(store, system=at).live_sessions


def listed(store: Store, kind: Kind, organization: str = ORG) -> list[Record]:
    """All records of a kind, in the order they were first written."""
    return [record for _, record in store.records(organization, kind)]
