from __future__ import annotations

import pytest

from tests.gallery.catalogue import Piece
from tests.gallery.judging import Finding, Story
from tests.gallery.table import BEGIN, END, shown, text, written
from tests.gallery.tally import Tally

CULPRIT = Piece(room="culprit", client="fixtures/clients/some.py:Caching", breaks=("S1",), along=("S2",))
CORRECT = Piece(room="correct", client="fixtures/clients/good.py:factory")
FOUND, NOTHING = Finding({"S1": Story(2, True)}), Finding({})


def problems(piece: Piece, *findings: Finding) -> list[str]:
    return list(Tally(piece, findings).problems())


@pytest.mark.parametrize(("caught", "seeds"), [(1, 1), (3, 3), (19, 20), (20, 20)])
def test_a_culprit_has_to_be_caught_in_nineteen_of_twenty(caught: int, seeds: int) -> None:
    assert problems(CULPRIT, *[FOUND] * caught, *[NOTHING] * (seeds - caught)) == []


@pytest.mark.parametrize(("caught", "seeds"), [(0, 1), (2, 3), (18, 20)])
def test_less_is_a_problem(caught: int, seeds: int) -> None:
    findings = [FOUND] * caught + [NOTHING] * (seeds - caught)
    missed = ", ".join("0" * (seeds - caught))
    assert problems(CULPRIT, *findings) == [f"S1 in {caught} of {seeds} (seed {missed}): not caught often enough"]


def test_only_what_is_known_to_break_as_well_may_break_as_well() -> None:
    assert problems(CULPRIT, Finding({"S1": Story(2, True), "S2": Story(9, False)})) == []
    along = Finding({"S1": Story(2, True), "D2": Story(1, True)})
    assert problems(CULPRIT, along) == ["D2 in 1 of 1 (seed 0): broken, and must not be"]


def test_what_must_not_be_broken_is_told_with_its_seed_and_scenario() -> None:
    found = Finding({"S1": Story(2, True, "the scenario")}, seed=7)
    assert problems(CORRECT, NOTHING, found) == ["S1 in 1 of 2 (seed 7): broken, and must not be"]
    assert [story.scenario for story in Tally(CORRECT, [NOTHING, found]).unwanted()] == ["the scenario"]
    assert list(Tally(CULPRIT, [FOUND]).unwanted()) == []


def test_a_verification_that_broke_off_is_told_with_its_seed() -> None:
    assert problems(CORRECT, NOTHING, Finding({}, seed=3, failed="Boom: no")) == ["seed 3 broke off: Boom: no"]


def test_stories_have_to_be_short_and_the_shortest() -> None:
    assert problems(CULPRIT, Finding({"S1": Story(4, True)})) == ["S1: a story of 4 messages, 3 are allowed"]
    assert problems(CULPRIT, Finding({"S1": Story(2, False)})) == ["S1: a story that is not shown to be the smallest"]


def test_a_client_that_keeps_every_clause_leaves_no_doubt() -> None:
    assert problems(CORRECT, Finding({}, inconclusive=("S2",))) == ["S2: inconclusive"]
    assert problems(CULPRIT, Finding({"S1": Story(2, True)}, inconclusive=("S2",))) == []


def test_the_table_shows_expected_against_found_clause_by_clause() -> None:
    tallies = [Tally(CORRECT, [NOTHING] * 2), Tally(CULPRIT, [FOUND, Finding({"S1": Story(3, True), "S2": Story(1, True)})])]
    lines = text([*tallies, Tally(CORRECT, missing="not run: node is not installed")]).splitlines()
    assert lines[0].split() == ["S", "R", "A", "D", "W"]
    assert lines[1].split()[:5] == ["123456", "1234567", "12345", "123456", "12"]
    assert lines[2].startswith("good.py          ...... .......")
    assert lines[3].startswith("some.py:Caching  #+.... .......")
    assert lines[3].endswith("2  3 messages")
    assert lines[4].endswith("not run: node is not installed")


def test_the_readme_keeps_what_is_not_looked_at_again() -> None:
    names = ["good.py", "some.py:Caching"]
    empty = f"# Title\n{BEGIN}{END}The rest\n"
    first = written(empty, [Tally(CULPRIT, [FOUND, Finding({"S1": Story(3, True), "S2": Story(1, True)})])], names)
    second = written(first, [Tally(CORRECT, [NOTHING] * 2), Tally(CULPRIT, missing="not run: no node")], names)
    assert first.startswith("# Title\n")
    assert second.endswith("The rest\n")
    assert list(shown(second).items()) == [
        ("good.py", "| `good.py` | nothing | 0 of 2 |  |  |"),
        ("some.py:Caching", "| `some.py:Caching` | S1 | 2 of 2 | S2 (1) | 3 messages |"),
    ]


def test_a_readme_without_a_place_for_the_table_is_told_so() -> None:
    with pytest.raises(ValueError, match="no place for the table"):
        written("# Title\n", [], [])
