"""The promises of every store. Each test runs over each store; times are plain numbers of milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier

import pytest
from msgspec.structs import replace

from mockserver.engine.decide import Seen, oauth_client
from mockserver.engine.model import (
    ClockState,
    Counts,
    Credential,
    Fault,
    FaultPlan,
    Organization,
    Policy,
)
from mockserver.stores.base import FAULTS, ORGANIZATION, Bounds, Issue, Key, Record, Store, Use, Write
from tests.mockserver.stores.conftest import OpenStore
from tests.mockserver.stores.samples import (
    DAY,
    ORG,
    Line,
    client,
    commit,
    counted,
    found,
    key_of,
    line,
    listed,
    live,
    organization,
    put,
    read,
    session,
    token,
)

HOSTILE = [
    "",
    " ",
    "two words",
    "{braces}",
    "}{",
    "a:b:c",
    "line\r\nbreak",
    "nul\0nul",
    "'\"\\*?[x]",
    "😀" * 4000,
    "\ud800",
    "000",
    "-0",
]
HOSTILE_IDS = [
    "empty",
    "space",
    "words",
    "braces",
    "inside-out",
    "colons",
    "lines",
    "nul",
    "quotes",
    "emoji",
    "surrogate",
    "0",
    "-0",
]

RECORDS: list[Record] = [
    Organization(
        id=ORG,
        version=7,
        name="Zoë 😀",
        policy=Policy(ttl=1, rate_limit_per_minute=300, create_scopes=()),
        clock=ClockState(-5, 253_402_300_799_000),
        seal=(1 << 64) - 1,
        rejects_tokens=True,
    ),
    FaultPlan(version=3, faults=(Fault(kind="latency", operation="send", times=None, milliseconds=5),), seed=1 << 53, drawn=2),
    counted(replace(oauth_client("c", ORG, "s\0", ("a", "b"), "n"), version=2), issued=9, evicted=7),
    Credential(
        kind="token",
        id="t",
        within="c",
        issued_at=1,
        expires_at=2,
        scopes=("a",),
        ended_by="ended",
        counts=Counts(number=4, window=-5, requests=6),
    ),
    Credential(
        kind="session",
        id="s",
        version=2,
        within="c",
        issued_at=1,
        last_used=2,
        idle_at=3,
        expires_at=4,
        left=0,
        ended_at=2,
        ended_by="spent",
        about="\0\n😀",
    ),
]


class TestRecords:
    def test_an_empty_store_holds_nothing(self, store: Store) -> None:
        loaded = read(store, ORGANIZATION, FAULTS, Key("session", "s"))
        assert list(loaded.records) == [None, None, None]
        assert loaded.live_sessions == 0

    @pytest.mark.parametrize("record", RECORDS, ids=lambda record: getattr(record, "kind", type(record).__name__))
    def test_what_was_written_is_read(self, store: Store, record: Record) -> None:
        found(store)
        expected = 1 if isinstance(record, Organization) else None
        assert commit(store, put(record, expected))
        assert list(read(store, key_of(record)).records) == [record]

    def test_records_come_in_the_order_asked_for(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s1")), put(token("t")), put(session("s2")))
        keys = [Key("session", "s2"), Key("session", "none"), Key("token", "t"), Key("session", "s1"), Key("session", "s2")]
        assert list(read(store, *keys).records) == [session("s2"), None, token("t"), session("s1"), session("s2")]

    def test_very_many_keys(self, store: Store) -> None:
        found(store)
        assert commit(store, put(token("t")))
        keys = [Key("token", f"none-{number}") for number in range(12_000)]
        assert list(read(store, *keys, Key("token", "t")).records) == [None] * 12_000 + [token("t")]

    def test_very_many_writes(self, store: Store) -> None:
        found(store)
        tokens = [token(f"t{number}") for number in range(9_000)]
        assert commit(store, *map(put, tokens))
        assert len(store.records(ORG, "token", 10_000)) == 9_000

    def test_no_keys_no_records(self, store: Store) -> None:
        found(store)
        assert list(read(store).records) == []

    def test_kinds_do_not_mix(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("x")), put(token("x")), put(client("x")))
        assert list(read(store, Key("token", "x"), Key("client", "x"), Key("session", "x")).records) == [
            token("x"),
            client("x"),
            session("x"),
        ]

    def test_organizations_do_not_mix(self, store: Store) -> None:
        found(store)
        found(store, "0000beef")
        assert commit(store, put(session("s")))
        assert list(read(store, Key("session", "s"), organization="0000beef").records) == [None]

    @pytest.mark.parametrize("id", HOSTILE, ids=HOSTILE_IDS)
    def test_any_id_will_do_for_a_look(self, store: Store, id: str) -> None:
        found(store)
        assert list(read(store, Key("session", id), Key("token", id), Key("client", id)).records) == [None] * 3
        assert list(read(store, ORGANIZATION, organization=id).records) == [None]
        assert store.find_client(id) is None
        assert store.place(ORG, Key("session", id)) is None

    @pytest.mark.parametrize("id", [id for id in HOSTILE if id.isprintable() or id.isascii()])
    def test_any_text_will_do_for_an_id(self, store: Store, id: str) -> None:
        found(store, id)
        written: list[Record] = [session(id), token(id), client(id, id)]
        assert commit(store, *(put(record) for record in written), organization=id)
        assert list(read(store, *(key_of(record) for record in written), organization=id).records) == written
        assert listed(store, "session", id) == [session(id)]
        assert store.find_client(id) == id
        assert list(store.organizations()) == [id]
        store.clear(id)
        assert store.find_client(id) is None


class TestLook:
    def test_all_that_a_call_needs_is_seen_at_once(self, store: Store) -> None:
        found(store, clock=ClockState(offset=5))
        plan = FaultPlan(seed=7)
        assert commit(store, put(plan), put(client("c")), put(token("t")), put(session("s"), ends_at=100))
        assert store.look(ORG, "c", "t", "s", Line("arrives"), 90) == Seen(
            organization(clock=ClockState(offset=5)), 95, client("c"), token("t"), session("s"), 1, plan
        )
        assert list(store.entries(ORG)) == [line(1, 95, "arrives")]

    def test_credentials_of_other_kinds_are_seen_by_their_keys(self, store: Store) -> None:
        found(store)
        nonce = Credential(kind="nonce", id="n")
        keys = Key("credential", "nonce/n"), Key("credential", "nonce/other"), Key("registered", "nonce/n")
        assert commit(store, Write(keys[0], None, nonce, 100))
        seen = store.look(ORG, "", "", "", None, 5, keys)
        assert seen is not None
        assert seen.records == {"nonce/n": nonce}

    def test_what_is_not_there_is_none(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s"), ends_at=100), put(FaultPlan()))
        assert commit(store, Write(FAULTS, 1, None))
        assert store.look(ORG, "", "", "", None, 100) == Seen(organization(), 100)
        assert list(store.entries(ORG)) == []

    def test_without_an_organization_nobody_is_seen_or_arrives(self, store: Store) -> None:
        assert store.look(ORG, "c", "t", "s", Line("arrives"), 5) is None
        store.note(ORG, Line("noted"), 5)
        assert store.look(ORG, "c", "t", "s", Line("arrives"), 5) is None
        assert list(store.entries(ORG)) == [line(1, 5, "noted")]

    @pytest.mark.parametrize("id", HOSTILE, ids=HOSTILE_IDS)
    def test_any_id_will_do(self, store: Store, id: str) -> None:
        found(store)
        assert store.look(ORG, id, id, id) == Seen(organization(), 0)
        assert store.look(id, id, id, id) is None


class TestCommit:
    def test_a_changed_record_is_not_overwritten(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s")))
        assert commit(store, put(session("s", 2), 1))
        assert not commit(store, put(session("s", 3), 1))
        assert list(read(store, Key("session", "s")).records) == [session("s", 2)]

    def test_what_is_there_is_not_made_again(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s")))
        assert not commit(store, put(session("s")))

    def test_what_is_not_there_is_not_changed(self, store: Store) -> None:
        found(store)
        assert not commit(store, put(session("s", 2), 1))
        assert list(read(store, Key("session", "s")).records) == [None]

    @pytest.mark.parametrize("versions", [(1, 10), (10, 1), (12, 1), (2, 21)])
    def test_versions_are_compared_as_numbers(self, store: Store, versions: tuple[int, int]) -> None:
        held, expected = versions
        found(store)
        assert commit(store, put(session("s", held)))
        assert not commit(store, put(session("s", 99), expected))

    def test_all_or_nothing(self, store: Store) -> None:
        found(store)
        assert commit(store, put(token("t")))
        assert not commit(store, put(session("s"), ends_at=5), put(token("t", 2), 7), noted="never")
        assert list(read(store, Key("session", "s"), Key("token", "t")).records) == [None, token("t")]
        assert live(store, 0) == 0
        assert list(store.entries(ORG)) == []

    def test_a_record_is_removed(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s"), ends_at=5), put(client("c")))
        assert not commit(store, Write(Key("session", "s"), 2, None))
        assert commit(store, Write(Key("session", "s"), 1, None), Write(Key("client", "c"), 1, None))
        loaded = read(store, Key("session", "s"), Key("client", "c"))
        assert list(loaded.records) == [None, None]
        assert loaded.live_sessions == 0
        assert listed(store, "session") == []
        assert store.find_client("c") is None
        assert commit(store, put(session("s")), put(client("c")))

    def test_a_commit_is_applied_once_however_often_it_comes(self, store: Store) -> None:
        found(store)
        again = (put(session("s")), put(token("t")))
        assert commit(store, *again, id="same", noted="once")
        assert commit(store, *again, id="same", noted="once")
        assert commit(store, put(session("s", 2), 1))
        assert commit(store, *again, id="same", noted="once")
        assert list(read(store, Key("session", "s")).records) == [session("s", 2)]
        assert list(store.entries(ORG)) == [line(1, 0, "once")]

    def test_a_commit_that_was_refused_is_not_remembered(self, store: Store) -> None:
        found(store)
        assert not commit(store, put(session("s", 2), 1), id="same")
        assert commit(store, put(session("s")))
        assert commit(store, put(session("s", 2), 1), id="same")

    def test_a_commit_without_writes_journals_once(self, store: Store) -> None:
        found(store)
        assert commit(store, id="same", noted="once")
        assert commit(store, id="same", noted="once")
        assert list(store.entries(ORG)) == [line(1, 0, "once")]

    def test_an_organization_that_does_not_exist_takes_nothing(self, store: Store) -> None:
        assert not commit(store, put(session("s")), noted="never")
        found(store)
        store.clear(ORG)
        assert not commit(store, put(session("s")), noted="never")
        assert list(read(store, Key("session", "s")).records) == [None]
        assert list(store.entries(ORG)) == []
        assert commit(store, put(session("s")), put(organization()))

    def test_of_64_threads_one_wins(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s")))
        barrier = Barrier(64)

        def send(number: int) -> bool:
            barrier.wait()
            return commit(store, put(session("s", 2), 1), noted=f"{number}")

        with ThreadPoolExecutor(64) as pool:
            won = [number for number, done in enumerate(pool.map(send, range(64))) if done]
        assert len(won) == 1
        assert list(store.entries(ORG)) == [line(1, 0, f"{won[0]}")]

    def test_of_many_threads_each_adds_one(self, store: Store) -> None:
        found(store)
        assert commit(store, put(FaultPlan()))

        def add(number: int) -> None:
            done = False
            while not done:
                plan = read(store, FAULTS).records[0]
                assert isinstance(plan, FaultPlan)
                more = FaultPlan(version=plan.version + 1, drawn=plan.drawn + 1)
                done = commit(store, put(more, plan.version))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(add, range(80)))
        assert list(read(store, FAULTS).records) == [FaultPlan(version=81, drawn=80)]


class TestVersionOfTheOrganization:
    """A decision is written only while its policy and clock hold."""

    @pytest.mark.parametrize("clock", [ClockState(), ClockState(offset=-12), ClockState(frozen_at=12)])
    def test_a_commit_needs_the_version_it_names(self, store: Store, clock: ClockState) -> None:
        found(store, clock=clock)
        assert commit(store, put(session("s")), version=1)
        assert not commit(store, put(session("t")), version=2, noted="never")
        assert commit(store, put(organization(version=2, clock=clock), 1))
        assert not commit(store, put(session("t")), version=1, noted="never")
        assert commit(store, put(session("t")), version=2, noted="done")
        assert listed(store, "session") == [session("s"), session("t")]
        assert list(store.entries(ORG)) == [line(1, 0, "done")]

    def test_an_entry_needs_the_version_it_names(self, store: Store) -> None:
        found(store)
        assert store.note(ORG, Line("noted"), 5, 1) == 1
        assert store.note(ORG, Line("never"), 5, 2) == 0
        assert store.note("0000beef", Line("never"), 5, 1) == 0
        assert list(store.entries(ORG)) == [line(1, 5, "noted")]
        assert list(store.entries("0000beef")) == []

    def test_an_organization_that_is_gone_has_no_version(self, store: Store) -> None:
        found(store)
        store.clear(ORG)
        assert not commit(store, put(session("s")), version=1)
        assert not commit(store, put(organization()), version=1)


class TestCounts:
    """Concurrent counts are added up by the store, without retries."""

    def test_a_use_needs_the_token_as_it_was_and_room_in_its_minute(self, store: Store) -> None:
        found(store)
        assert commit(store, put(token("t")))
        assert not commit(store, count=Use("t", 2, None), noted="never")
        assert not commit(store, count=Use("none", 1, None), noted="never")
        uses = [(1_000, True), (5_000, True), (60_999, False), (61_000, True), (90_000, True), (90_000, False)]
        done = [commit(store, count=Use("t", 1, 2), now=now, noted=f"{now}") for now, _ in uses]
        assert done == [expected for _, expected in uses]
        (held,) = read(store, Key("token", "t")).records
        assert held == counted(token("t"), 90_000, window=61_000, requests=2)
        assert commit(store, count=Use("t", 1, None), now=10)
        (held,) = read(store, Key("token", "t")).records
        assert held == counted(token("t"), 90_000, window=61_000, requests=3)
        assert len(store.entries(ORG)) == 4

    def test_a_use_comes_with_what_is_written_or_not_at_all(self, store: Store) -> None:
        found(store)
        assert commit(store, put(token("t")), put(session("s")))
        assert not commit(store, put(session("s")), count=Use("t", 1, 5))
        assert not commit(store, put(session("u")), count=Use("t", 1, 0))
        assert commit(store, put(session("u")), count=Use("t", 1, 1), id="same")
        assert commit(store, put(session("u")), count=Use("t", 1, 1), id="same")
        (held,) = read(store, Key("token", "t")).records
        assert isinstance(held, Credential)
        assert held.counts.requests == 1
        assert listed(store, "session") == [session("s"), session("u")]

    def test_tokens_are_numbered_as_they_are_issued(self, store: Store) -> None:
        found(store)
        assert commit(store, put(client("c")), put(client("d")))
        for value, id, bound in (("t1", "c", None), ("t2", "c", 2), ("u1", "d", 1), ("t3", "c", 2), ("t4", "c", 9)):
            assert commit(store, put(token(value)), count=Issue(id, 1, bound))
        assert not commit(store, put(token("t5")), count=Issue("c", 2, None))
        assert not commit(store, put(token("t5")), count=Issue("none", 1, None))
        numbers = {record.id: record.counts.number for record in listed(store, "token") if isinstance(record, Credential)}
        assert numbers == {"t1": 1, "t2": 2, "u1": 1, "t3": 3, "t4": 4}
        assert listed(store, "client") == [counted(client("c"), issued=4, evicted=1), counted(client("d"), issued=1)]

    def test_a_record_that_is_written_anew_keeps_its_counts(self, store: Store) -> None:
        found(store)
        assert commit(store, put(client("c")))
        assert commit(store, put(token("t")), count=Issue("c", 1, 1))
        assert commit(store, count=Use("t", 1, 1), now=70_000)
        ended = replace(token("t", 2), ended_by="ended")
        assert commit(store, put(ended, 1), put(replace(client("c", version=2), about="new"), 1))
        assert list(read(store, Key("token", "t"), Key("client", "c")).records) == [
            counted(ended, 70_000, number=1, window=70_000, requests=1),
            counted(replace(client("c", version=2), about="new"), issued=1),
        ]

    def test_of_many_threads_as_many_use_a_token_as_may(self, store: Store) -> None:
        found(store)
        assert commit(store, put(token("t")))
        with ThreadPoolExecutor(16) as pool:
            done = list(pool.map(lambda number: commit(store, count=Use("t", 1, 100), now=number), range(200)))
        assert done.count(True) == 100

    def test_many_threads_issue_tokens_and_none_is_in_anothers_way(self, store: Store) -> None:
        found(store)
        assert commit(store, put(client("c")))
        with ThreadPoolExecutor(16) as pool:
            issue = Issue("c", 1, 10)
            assert all(pool.map(lambda number: commit(store, put(token(f"t{number}")), count=issue), range(200)))
        numbers = sorted(record.counts.number for record in listed(store, "token") if isinstance(record, Credential))
        assert numbers == list(range(1, 201))
        assert listed(store, "client") == [counted(client("c"), issued=200, evicted=190)]


class TestRoom:
    def test_sessions_that_live_take_it(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("a"), ends_at=100), put(session("b"), ends_at=50), room=2)
        assert not commit(store, put(session("c"), ends_at=100), now=49, room=2, noted="never")
        assert commit(store, put(session("c"), ends_at=100), now=50, room=2)
        assert commit(store, put(session("a", 2), 1, ends_at=90), now=50, room=2)
        assert [record.id for record in listed(store, "session") if isinstance(record, Credential)] == ["a", "b", "c"]

    def test_of_many_threads_as_many_find_room_as_there_is(self, store: Store) -> None:
        found(store)
        with ThreadPoolExecutor(16) as pool:
            done = list(pool.map(lambda number: commit(store, put(session(f"s{number}")), room=50), range(100)))
        assert (done.count(True), live(store, 0)) == (50, 50)


class TestAfresh:
    def test_organization_faults_and_clients_stay_and_all_else_goes(self, store: Store) -> None:
        found(store)
        many = [put(session(f"s{number}"), ends_at=DAY) for number in range(2_000)]
        assert commit(store, *many, put(token("t")), put(client("c")), put(FaultPlan()), noted="before")
        (place, _), *_ = store.records(ORG, "session", after=1_000)
        new = organization(version=2, clock=ClockState(offset=7))
        assert commit(store, put(new, 1), put(FaultPlan(version=2, seed=5), 1), noted="never", afresh=True)
        kept = read(store, ORGANIZATION, FAULTS, Key("client", "c"), Key("session", "s0"), Key("token", "t"))
        assert list(kept.records) == [new, FaultPlan(version=2, seed=5), client("c"), None, None]
        assert (kept.live_sessions, listed(store, "session"), listed(store, "token")) == (0, [], [])
        assert (listed(store, "client"), store.find_client("c")) == ([client("c")], ORG)
        assert store.note(ORG, Line("after"), 0) == 2
        assert list(store.entries(ORG)) == [line(2, 0, "after")]
        assert store.newest(ORG) == 2
        assert commit(store, put(session("s0"), ends_at=DAY))
        assert live(store, 0) == 1
        assert (store.place(ORG, Key("session", "s0")) or 0) > place

    def test_all_or_nothing(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s")), noted="kept")
        assert not commit(store, put(organization(version=3), 2), afresh=True)
        assert listed(store, "session") == [session("s")]
        assert list(store.entries(ORG)) == [line(1, 0, "kept")]


class TestJournal:
    def test_entries_are_numbered_from_one_however_they_come(self, store: Store) -> None:
        found(store)
        read(store, arrival="arrives", system=5)
        assert store.note(ORG, Line("noted"), 7) == 2
        assert commit(store, put(session("s")), noted="committed", now=9)
        assert commit(store, put(session("t")), noted="committed late", now=9, stamp=11)
        assert list(store.entries(ORG)) == [
            line(1, 5, "arrives"),
            line(2, 7, "noted"),
            line(3, 9, "committed"),
            line(4, 11, "committed late"),
        ]

    def test_a_journal_needs_no_organization(self, store: Store) -> None:
        assert store.note("ffffffff", Line("stray"), 1) == 1
        assert store.note("ffffffff", Line("stray"), 2) == 2
        assert list(store.entries("ffffffff")) == [line(1, 1, "stray"), line(2, 2, "stray")]
        assert list(store.organizations()) == []
        assert list(store.entries(ORG)) == []

    def test_it_is_read_in_pages(self, store: Store) -> None:
        assert store.newest(ORG) == 0
        for number in range(1, 8):
            assert store.note(ORG, Line("x"), number) == number == store.newest(ORG)
        assert list(store.entries(ORG, limit=3)) == [line(n, n, "x") for n in (1, 2, 3)]
        assert list(store.entries(ORG, after=3, limit=3)) == [line(n, n, "x") for n in (4, 5, 6)]
        assert list(store.entries(ORG, after=6)) == [line(7, 7, "x")]
        assert list(store.entries(ORG, after=7)) == []
        assert list(store.entries(ORG, limit=0)) == []

    def test_it_keeps_the_latest_and_their_numbers(self, open_store: OpenStore) -> None:
        store = open_store(Bounds(journal_entries=3))
        found(store)
        for number in range(1, 6):
            store.note(ORG, Line("x"), number)
        assert commit(store, put(session("s")), noted="x", now=6)
        read(store, arrival="x", system=7)
        assert list(store.entries(ORG)) == [line(n, n, "x") for n in (5, 6, 7)]
        assert list(store.entries(ORG, after=2, limit=1)) == [line(5, 5, "x")]

    def test_numbers_go_on_when_it_is_cleared(self, store: Store) -> None:
        for _ in range(3):
            store.note(ORG, Line("x"), 0)
        store.clear_journal(ORG)
        store.clear_journal("none")
        assert list(store.entries(ORG)) == []
        assert store.newest(ORG) == 0
        assert store.note(ORG, Line("x"), 0) == 4
        assert list(store.entries(ORG)) == [line(4, 0, "x")]

    def test_arrivals_are_stamped_with_the_organizations_clock(self, store: Store) -> None:
        found(store, clock=ClockState(offset=-400))
        read(store, arrival="x", system=1_000)
        assert commit(store, put(organization(version=2, clock=ClockState(frozen_at=253_402_300_799_000)), 1))
        read(store, arrival="x", system=2_000)
        assert commit(store, put(organization(version=3, clock=ClockState(offset=1 << 50)), 2))
        read(store, arrival="x", system=3_000)
        stamps = [600, 253_402_300_799_000, (1 << 50) + 3_000]
        assert list(store.entries(ORG)) == [line(n, at, "x") for n, at in enumerate(stamps, start=1)]

    def test_nobody_arrives_where_no_organization_is(self, store: Store) -> None:
        read(store, ORGANIZATION, arrival="x", system=5)
        store.note(ORG, Line("noted"), 1)
        read(store, ORGANIZATION, arrival="x", system=5)
        assert list(store.entries(ORG)) == [line(1, 1, "noted")]


class TestLiveSessions:
    def test_they_end_by_mere_passing_of_time(self, store: Store) -> None:
        found(store)
        for number, ends_at in enumerate((1_000, 1_001, 1_500, 60_000)):
            assert commit(store, put(session(f"s{number}"), ends_at=ends_at))
        assert [live(store, at) for at in (0, 999, 1_000, 1_001, 1_499, 1_500, 59_999, 60_000, 10**9)] == [
            4, 4, 3, 2, 2, 1, 1, 0, 0,
        ]  # fmt: skip

    def test_it_is_the_organizations_time_that_passes(self, store: Store) -> None:
        found(store, clock=ClockState(frozen_at=500))
        assert commit(store, put(session("s"), ends_at=1_000), now=500)
        assert live(store, 10**9) == 1
        assert commit(store, put(organization(version=2, clock=ClockState(frozen_at=1_000)), 1), now=500)
        assert live(store, 0) == 0

    def test_an_act_ends_them(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("a"), ends_at=9_000), put(session("b"), ends_at=9_000))
        assert commit(store, put(session("a", 2), 1, ends_at=10), now=10)
        assert live(store, 10) == 1
        assert live(store, 9_000) == 0

    def test_an_act_prolongs_them(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s"), ends_at=1_000))
        assert commit(store, put(session("s", 2), 1, ends_at=70_000), now=999)
        assert [live(store, at) for at in (1_000, 69_999, 70_000)] == [1, 1, 0]

    def test_some_never_end(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s")))
        assert live(store, 253_402_300_799_000) == 1

    def test_one_that_ended_before_it_was_written_never_counts(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("s"), ends_at=5), now=5)
        assert live(store, 5) == 0

    def test_very_many_in_one_second(self, store: Store) -> None:
        found(store)
        assert commit(store, *(put(session(f"s{n}"), ends_at=2_000) for n in range(2_000)))
        assert live(store, 1_999) == 2_000
        assert live(store, 4_000) == 0

    def test_a_clock_that_jumps_over_very_many_seconds(self, store: Store) -> None:
        found(store)
        assert commit(store, *(put(session(f"s{n}"), ends_at=2_000 * n) for n in range(1, 1_001)))
        assert live(store, 1_000_000) == 500
        assert live(store, 10**9) == 0


class TestForgetting:
    @staticmethod
    def kept(store: Store) -> list[str]:
        return [record.id for record in listed(store, "session") if isinstance(record, Credential)]

    def test_ended_sessions_beyond_the_bound_go_oldest_first(self, open_store: OpenStore) -> None:
        store = open_store(Bounds(max_ended_sessions=2))
        found(store)
        for id in "abcde":
            assert commit(store, put(session(id), ends_at=9_000))
        for now, id in enumerate("dbae", start=1):
            assert commit(store, put(session(id, 2), 1, ends_at=now), now=now)
        assert self.kept(store) == ["a", "c", "e"]
        assert list(read(store, Key("session", "d"), Key("session", "b")).records) == [None, None]

    def test_those_whose_time_passed_go_as_well(self, open_store: OpenStore) -> None:
        store = open_store(Bounds(max_ended_sessions=2))
        found(store)
        for ends_at, id in ((100, "a"), (5_000, "b"), (50, "c"), (5_100, "d"), (9_000, "e")):
            assert commit(store, put(session(id), ends_at=ends_at))
        assert commit(store, put(session("f"), ends_at=99_000), now=5_099)
        assert self.kept(store) == ["a", "b", "d", "e", "f"]
        assert commit(store, put(session("g"), ends_at=99_000), now=8_000)
        assert self.kept(store) == ["b", "d", "e", "f", "g"]

    def test_retention(self, store: Store) -> None:
        found(store)
        for number in range(3):
            assert commit(store, put(session(f"s{number}"), ends_at=10 + number), retention=100)
        for now, id, kept in (
            (110, "a", ["s0", "s1", "s2", "a"]),
            (111, "b", ["s1", "s2", "a", "b"]),
            (200, "c", ["a", "b", "c"]),
        ):
            assert commit(store, put(session(id)), now=now, retention=100)
            assert self.kept(store) == kept

    def test_who_ended_first_goes_first_whatever_ended_it(self, open_store: OpenStore) -> None:
        store = open_store(Bounds(max_ended_sessions=1))
        found(store)
        for ends_at, id in ((9_000, "used later"), (100, "left alone"), (9_000, "live")):
            assert commit(store, put(session(id), ends_at=ends_at))
        assert commit(store, put(session("used later", 2), 1, ends_at=200), now=200)
        assert self.kept(store) == ["used later", "live"]

    def test_live_sessions_are_never_forgotten(self, open_store: OpenStore) -> None:
        store = open_store(Bounds(max_ended_sessions=0))
        found(store)
        assert commit(store, put(session("old"), ends_at=10**9))
        assert commit(store, put(session("new"), ends_at=10**9), now=10**8, retention=0)
        assert self.kept(store) == ["old", "new"]
        assert commit(store, put(session("old", 2), 1, ends_at=10**8), now=10**8)
        assert self.kept(store) == ["new"]

    @pytest.mark.parametrize("written", [0, 10])
    def test_a_prolonged_session_is_not_forgotten_by_its_former_end(self, store: Store, written: int) -> None:
        found(store)
        assert commit(store, put(session("s"), ends_at=10), now=written)
        assert commit(store, put(session("s", 2), 1, ends_at=5_000), now=20)
        assert commit(store, put(session("t")), now=1_000, retention=100)
        assert self.kept(store) == ["s", "t"]

    def test_only_sessions_are_counted_as_such(self, store: Store) -> None:
        found(store)
        nonce = Credential(kind="nonce", id="n", within="c", expires_at=DAY)
        assert commit(store, Write(Key("credential", "nonce/n"), None, nonce, DAY), put(session("s"), ends_at=DAY))
        assert live(store, at=0) == 1
        assert commit(store, put(session("t"), ends_at=DAY), room=2)
        assert not commit(store, put(session("u"), ends_at=DAY), room=2)

    def test_credentials_are_forgotten_like_sessions(self, store: Store) -> None:
        found(store)
        for now, id, ends_at in ((0, "a", 10), (111, "b", DAY)):
            nonce = Credential(kind="nonce", id=id, within="c", expires_at=ends_at)
            assert commit(store, Write(Key("credential", f"nonce/{id}"), None, nonce, ends_at), now=now, retention=100)
        assert [one.id for one in listed(store, "credential") if isinstance(one, Credential)] == ["b"]

    def test_a_multitude_is_forgotten_little_by_little(self, open_store: OpenStore) -> None:
        store = open_store(Bounds(max_ended_sessions=10))
        found(store)
        assert commit(store, *(put(session(f"s{n}"), ends_at=1_000 + n) for n in range(1_000)))
        left = [1_000]
        while left[-1] > 10:
            assert commit(store, put(session(f"t{len(left)}"), ends_at=DAY), now=5_000)
            left.append(len(self.kept(store)) - len(left))
        assert all(0 < before - after <= 100 for before, after in pairwise(left))
        assert self.kept(store)[:10] == [f"s{n}" for n in range(990, 1_000)]

    def test_tokens_beyond_their_bound_go_oldest_first(self, open_store: OpenStore) -> None:
        store = open_store(Bounds(max_tokens=2))
        found(store)
        for value in "abc":
            assert commit(store, put(token(value)))
        assert commit(store, put(token("b", 2), 1))
        assert commit(store, put(token("d")))
        assert listed(store, "token") == [token("c"), token("d")]
        assert list(read(store, Key("token", "b")).records) == [None]


class TestListing:
    def test_records_come_in_pages_in_the_order_they_were_first_written(self, store: Store) -> None:
        found(store)
        ids = ["m", "a", "z", "b", "y"]
        for id in ids:
            assert commit(store, put(session(id)), put(token(id)))
        assert commit(store, put(session("a", 2), 1))
        pages = [session("m"), session("a", 2), session("z"), session("b"), session("y")]
        placed = list(store.records(ORG, "session"))
        places = [place for place, _ in placed]
        assert [record for _, record in placed] == pages
        assert places == sorted(set(places))
        assert places == [store.place(ORG, Key("session", id)) for id in ids]
        assert list(store.records(ORG, "session", limit=2)) == placed[:2]
        assert list(store.records(ORG, "session", 2, places[1])) == placed[2:4]
        assert list(store.records(ORG, "session", 2, places[3])) == placed[4:]
        assert list(store.records(ORG, "session", after=places[4])) == []
        assert list(store.records(ORG, "session", after=(1 << 53) - 1)) == []
        assert list(store.records(ORG, "session", limit=0)) == []
        assert [record for _, record in store.records(ORG, "token", limit=1)] == [token("m")]
        assert listed(store, "organization") == [organization()]

    def test_a_walk_goes_on_after_a_record_that_was_forgotten(self, store: Store) -> None:
        found(store)
        ids = [f"s{number}" for number in range(500)]
        assert commit(store, *(put(session(id)) for id in ids))
        page = store.records(ORG, "session", 200)
        assert commit(store, *(Write(Key("session", id), 1, None) for id in ids[:450]))
        rest = store.records(ORG, "session", after=page[-1][0])
        assert [record for _, record in rest] == [session(id) for id in ids[450:]]

    def test_a_record_that_is_written_again_comes_last_and_once(self, store: Store) -> None:
        found(store)
        assert commit(store, put(session("a")), put(session("b")))
        (first, _), _ = store.records(ORG, "session")
        assert commit(store, Write(Key("session", "a"), 1, None))
        assert commit(store, put(session("a")))
        assert listed(store, "session") == [session("b"), session("a")]
        assert (store.place(ORG, Key("session", "a")) or 0) > first

    def test_organizations_come_in_the_order_of_their_creation(self, store: Store) -> None:
        for id in ("c", "a", "b"):
            found(store, id)
        assert commit(store, put(organization("a", 2), 1), organization="a")
        assert list(store.organizations()) == ["c", "a", "b"]

    def test_an_organization_whose_record_is_removed_is_not_listed(self, store: Store) -> None:
        found(store)
        assert commit(store, Write(ORGANIZATION, 1, None))
        assert list(store.organizations()) == []
        assert not commit(store, put(session("s")))

    def test_an_organization_whose_removal_failed_is_listed(self, store: Store) -> None:
        found(store)
        assert not commit(store, Write(ORGANIZATION, 9, None))
        assert list(store.organizations()) == [ORG]

    def test_a_client_is_found_wherever_it_is(self, store: Store) -> None:
        found(store)
        found(store, "0000beef")
        assert commit(store, put(client("c1")), put(client("c2")))
        assert commit(store, put(client("c3", "0000beef")), organization="0000beef")
        assert [store.find_client(id) for id in ("c1", "c2", "c3", "c4")] == [ORG, ORG, "0000beef", None]

    def test_a_client_belongs_to_one_organization(self, store: Store) -> None:
        found(store)
        found(store, "0000beef")
        assert commit(store, put(client("c")))
        assert not commit(store, put(client("c", "0000beef")), organization="0000beef")
        assert store.find_client("c") == ORG
        store.clear(ORG)
        assert commit(store, put(client("c", "0000beef")), organization="0000beef")
        assert store.find_client("c") == "0000beef"

    def test_a_client_whose_commit_failed_is_not_found(self, store: Store) -> None:
        found(store)
        found(store, "0000beef")
        assert commit(store, put(client("taken", "0000beef")), organization="0000beef")
        assert not commit(store, put(client("c")), put(token("t", 2), 1))
        assert not commit(store, put(client("c")), put(client("taken")))
        assert [store.find_client(id) for id in ("c", "taken")] == [None, "0000beef"]

    def test_a_client_whose_removal_failed_is_found(self, store: Store) -> None:
        found(store)
        assert commit(store, put(client("c")))
        assert not commit(store, Write(Key("client", "c"), 9, None))
        assert store.find_client("c") == ORG


class TestClear:
    def test_nothing_is_left(self, store: Store) -> None:
        found(store)
        found(store, "0000beef")
        assert commit(store, put(client("c")), put(session("s"), ends_at=10**9), put(token("t")), noted="x")
        store.clear(ORG)
        assert list(read(store, ORGANIZATION, Key("client", "c"), Key("session", "s"), Key("token", "t")).records) == [None] * 4
        assert list(store.organizations()) == ["0000beef"]
        assert list(store.entries(ORG)) == []
        assert listed(store, "session") == []
        assert store.find_client("c") is None
        found(store)
        assert live(store, 0) == 0
        assert store.note(ORG, Line("first"), 0) == 1

    def test_what_is_not_there_is_cleared_too(self, store: Store) -> None:
        store.clear("none")
        assert list(store.organizations()) == []


def test_it_can_be_asked_whether_it_serves(store: Store) -> None:
    store.ping()


def test_it_says_whether_processes_may_share_it(store: Store, request: pytest.FixtureRequest) -> None:
    kind: Callable[[], object] = type(store)
    assert store.shared == (kind.__name__ == "RedisStore")


class TestVisits:
    def test_a_visit_lasts_until_it_is_ended(self, store: Store) -> None:
        store.begin_visit("one", 60)
        store.begin_visit("other", 60)
        store.end_visit("one")
        store.end_visit("nobody's")
        assert [store.has_visit(name) for name in ("one", "other", "nobody's")] == [False, True, False]

    @pytest.mark.parametrize("name", HOSTILE)
    def test_any_text_can_be_its_name(self, store: Store, name: str) -> None:
        assert not store.has_visit(name)
        store.begin_visit(name, 60)
        assert store.has_visit(name)
