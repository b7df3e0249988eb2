"""Every store shows the same as the simplest possible one after any operations in any order."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from mockserver.engine.model import ClockState, Organization
from mockserver.stores.base import ORGANIZATION, Bounds, Issue, Key, Kind, Record, Store, Use, Write
from tests.mockserver.stores.conftest import OpenStore
from tests.mockserver.stores.model import Model
from tests.mockserver.stores.samples import Line, client, line, listed, session, token

BOUNDS = Bounds(max_ended_sessions=2, journal_entries=5, max_tokens=3)
RETENTION = 20_000
KINDS: tuple[Kind, ...] = ("session", "token", "client")

organizations = st.sampled_from(["00000000", "0badcafe"])
ids = st.sampled_from("abcde")
kinds = st.sampled_from(["session", "session", "session", "token", "client"])
limits = st.sampled_from([None, 1, 2, 3])
milliseconds = st.sampled_from([1, 7, 500, 1_100, 30_000])
changes = st.lists(
    st.tuples(kinds, ids, st.sampled_from(["put", "end", "remove", "stale"])), max_size=3, unique_by=lambda it: it[:2]
)


class Stores(RuleBasedStateMachine):
    """A store and the model, side by side. Every step takes a millisecond, and no two sessions end at the same one."""

    def __init__(self, open_store: Callable[[Bounds], Store]) -> None:
        super().__init__()
        self.store, self.model = open_store(BOUNDS), Model(BOUNDS)
        self.now = 1_000_000
        self.commits = 0
        self.taken: set[int] = set()

    def teardown(self) -> None:
        self.store.close()

    @initialize()
    def begin(self) -> None:
        self.put_organization("0badcafe", 0)

    @rule(organization=organizations, advance=st.sampled_from([0, 5_000]))
    def put_organization(self, organization: str, advance: int) -> None:
        held = self.model.tenant(organization).records.get(ORGANIZATION)
        version, offset = (held.version, held.clock.offset) if isinstance(held, Organization) else (0, 0)
        new = Organization(id=organization, version=version + 1, clock=ClockState(offset=offset + advance))
        self.commit(organization, [Write(ORGANIZATION, version or None, new)])

    @rule(organization=organizations, wanted=changes, lasts=milliseconds, again=st.booleans())
    def change(self, organization: str, wanted: list[tuple[str, str, str]], lasts: int, again: bool) -> None:
        writes = [self.write(organization, kind, id, how, lasts) for kind, id, how in wanted]
        self.commit(organization, writes)
        if again:
            self.commits -= 1
            self.commit(organization, writes)

    @rule(organization=organizations, value=ids, limit=limits, stale=st.booleans())
    def use(self, organization: str, value: str, limit: int | None, stale: bool) -> None:
        held = self.model.tenant(organization).records.get(Key("token", value))
        version = held.version if held is not None and not stale else 9
        self.commit(organization, [], Use(value, version, limit))

    @rule(organization=organizations, value=ids, by=ids, bound=limits)
    def issue(self, organization: str, value: str, by: str, bound: int | None) -> None:
        records = self.model.tenant(organization).records
        held = records.get(Key("client", by))
        if held is not None and Key("token", value) not in records:
            issued = Write(Key("token", value), None, token(value))
            self.commit(organization, [issued], Issue(by, held.version, bound))

    @rule(organization=organizations)
    def arrive(self, organization: str) -> None:
        self.store.load(organization, [], Line("arrives"), self.now)
        self.model.arrive(organization, "arrives", self.now)

    @rule(organization=organizations)
    def note(self, organization: str) -> None:
        assert self.store.note(organization, Line("noted"), self.now) == self.model.note(organization, "noted", self.now)

    @rule(milliseconds=milliseconds)
    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule(organization=organizations)
    def clear(self, organization: str) -> None:
        self.store.clear(organization)
        self.model.clear(organization)

    @rule(organization=organizations)
    def clear_journal(self, organization: str) -> None:
        self.store.clear_journal(organization)
        self.model.tenant(organization).journal.clear()

    @invariant()
    def show_the_same(self) -> None:
        assert list(self.store.organizations()) == self.model.organizations
        for id in "abcde":
            assert self.store.find_client(id) == self.model.owner(id)
        for organization in ("00000000", "0badcafe"):
            tenant = self.model.tenant(organization)
            loaded = self.store.load(organization, list(tenant.records), None, self.now)
            assert list(loaded.records) == list(tenant.records.values())
            assert loaded.live_sessions == self.model.live(organization, self.now)
            assert list(self.store.entries(organization)) == [line(*entry) for entry in tenant.journal]
            for kind in KINDS:
                assert listed(self.store, kind, organization) == [tenant.records[key] for key in tenant.of_kind(kind)]

    def commit(self, organization: str, writes: list[Write], count: Use | Issue | None = None) -> None:
        self.now += 1
        self.commits += 1
        id, now = f"commit-{self.commits}", self.time_of(organization)
        done = self.store.commit(organization, writes, Line(id), id, now, RETENTION, count=count)
        assert done == self.model.commit(organization, writes, id, id, now, RETENTION, count)

    def time_of(self, organization: str) -> int:
        found = self.model.tenant(organization).records.get(ORGANIZATION)
        return found.clock.reading(self.now) if isinstance(found, Organization) else self.now

    def write(self, organization: str, kind: str, id: str, how: str, lasts: int) -> Write:
        key = Key(kind, id)  # type: ignore[arg-type]
        held = self.model.tenant(organization).records.get(key)
        expected = held.version if held else None
        version = (expected or 0) + 1
        if how == "stale":
            return Write(key, version, self.record(organization, kind, id, version + 1))
        if how == "remove":
            return Write(key, expected, None)
        now = self.time_of(organization) + 1  # the commit is what takes a millisecond
        ends_at = self.free(now if how == "end" else now + lasts) if kind == "session" else None
        return Write(key, expected, self.record(organization, kind, id, version), ends_at)

    def record(self, organization: str, kind: str, id: str, version: int) -> Record:
        if kind == "session":
            return session(id, version)
        return token(id, version) if kind == "token" else client(id, organization, version)

    def free(self, at: int) -> int:
        while at in self.taken:
            at += 1
        self.taken.add(at)
        return at


def test_it_shows_what_the_model_shows(open_store: OpenStore) -> None:
    class OfThisKind(Stores):
        def __init__(self) -> None:
            super().__init__(open_store)

    run_state_machine_as_test(OfThisKind, settings=settings(max_examples=30, stateful_step_count=40))
