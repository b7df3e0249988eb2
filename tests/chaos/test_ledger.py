"""The table of `make chaos` sees what it is there to see."""

from __future__ import annotations

import pytest

from mockserver.journal import Answer, Arrival, Entry, Failure, SessionChange, ShownCredential
from tests.chaos.__main__ import play, total
from tests.chaos.ledger import Ledger, Row, Sent
from tests.chaos.scenes import Scene


def arrival(id: str) -> Arrival:
    return Arrival(1, 0, id, "POST", "/send", "send", ShownCredential("none"))


def answer(id: str, status: int = 200, session: str = "s") -> Answer:
    accepted = status == 200
    return Answer(2, 0, id, status, "message.accepted" if accepted else "x", accepted=accepted, session=SessionChange(session))


def row(race: list[Sent], entries: list[Entry], after: tuple[Sent, ...] = ()) -> Row:
    ledger = Ledger()
    ledger.races.append(race)
    ledger.after.extend(after)
    ledger.entries.extend(entries)
    return ledger.row()


WON, LOST, UNHEARD = Sent("s", 200, "a"), Sent("s", 403, "b"), Sent("s", None)
WINNER: list[Entry] = [arrival("a"), answer("a")]
LOSER: list[Entry] = [arrival("b"), answer("b", 403)]


def test_one_winner_and_a_journal_that_agrees() -> None:
    assert row([WON, LOST, UNHEARD], [*WINNER, *LOSER]) == Row(races=1, sends=3, unclear=1)


@pytest.mark.parametrize(
    ("race", "entries"),
    [
        ([WON, WON._replace(context_id="c")], [*WINNER, arrival("c"), answer("c")]),
        ([WON, UNHEARD], [*WINNER, arrival("c"), answer("c")]),
        ([LOST], LOSER),
    ],
    ids=["two on the wire", "another in the journal", "none, as all know"],
)
def test_wrong_winners(race: list[Sent], entries: list[Entry]) -> None:
    assert row(race, entries) == Row(races=1, sends=len(race), unclear=race.count(UNHEARD), wrong_winners=1)


def test_nobody_may_have_won_if_somebody_does_not_know() -> None:
    assert row([LOST, UNHEARD], LOSER).faults == 0


@pytest.mark.parametrize("late", [Sent("s", 200, "c"), Sent("s", None)], ids=["on the wire", "in the journal"])
def test_a_dead_session_that_is_accepted_is_revived(late: Sent) -> None:
    entries = [*WINNER, arrival("c"), answer("c")]
    found = row([WON], entries, (late, Sent("s", None, "c")))
    assert found.revived == 1


def test_what_was_accepted_on_the_wire_and_is_not_in_the_journal() -> None:
    assert row([WON], [arrival("a")]) == Row(races=1, sends=1, unrecorded=1, mismatched=1)


def test_a_503_that_the_journal_has_for_a_200() -> None:
    failed = Sent("s", 503, "a")
    assert row([failed], WINNER) == Row(races=1, sends=1, unclear=1, mismatched=1)
    assert row([failed], [*WINNER, Failure(3, 0, "a", 503, "store.unavailable")]) == Row(races=1, sends=1, unclear=1)


def test_a_status_of_its_own_kind_ends_the_run() -> None:
    with pytest.raises(RuntimeError, match=r"answered 500 \(contextId a\)"):
        row([Sent("s", 500, "a")], [])


def test_the_table_has_a_line_for_each_scene_and_one_for_all() -> None:
    told: list[str] = []
    rows = play((Scene("one", 1, lambda races: Row(races, 2 * races)), Scene("two", 0.5, Row)), 4, told.append)
    assert rows == [Row(4, 8), Row(2)]
    assert total(rows) == Row(6, 8)
    assert [line.split()[0] for line in told[1:]] == ["one", "two", "all"]
    assert told[0].split()[:2] == ["races", "sends"]
