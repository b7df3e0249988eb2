"""The catalogue as a whole: every clause has a trace that breaks it and nothing else, and one that keeps it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.clauses import CLAUSES, EXPLAINS, judged
from contracts.clauses.examples import EXAMPLES
from contracts.judge import DEFAULTS, Clause, Judgement, Status
from mockserver.journal import read
from tests.contracts.clauses.examples import BAD, DIRECTORY, GOOD, Story, recorded

CODES = [clause.code for clause in CLAUSES]


def judged_file(path: Path) -> Judgement:
    with path.open("rb") as file:
        return judged(read(file))


@pytest.mark.parametrize("code", CODES)
def test_its_bad_trace_breaks_it_and_is_explained_by_nothing_else(code: str) -> None:
    judgement = judged_file(DIRECTORY / "bad" / f"{code}.jsonl")
    assert [verdict.code for verdict in judgement.violated] == [code]


@pytest.mark.parametrize("code", CODES)
def test_its_bad_trace_has_evidence_in_it_and_says_what_happened(code: str) -> None:
    path = DIRECTORY / "bad" / f"{code}.jsonl"
    verdict = judged_file(path).of(code)
    seqs = {getattr(entry, "seq", None) for entry in read(path.read_bytes().splitlines())}
    assert verdict.message
    assert verdict.evidence
    assert {item.seq for item in verdict.evidence} <= seqs


@pytest.mark.parametrize("code", CODES)
def test_its_good_trace_puts_it_to_the_test_and_breaks_nothing(code: str) -> None:
    judgement = judged_file(DIRECTORY / "good" / f"{code}.jsonl")
    assert judgement.of(code).status is Status.HELD
    assert judgement.violated == ()


@pytest.mark.parametrize(("kind", "stories"), [("bad", BAD), ("good", GOOD)])
def test_the_recorded_traces_are_what_their_stories_tell(kind: str, stories: dict[str, Story]) -> None:
    files = {path.stem: path.read_bytes() for path in (DIRECTORY / kind).glob("*.jsonl")}
    assert files == {code: recorded(story) for code, story in stories.items()}


@pytest.mark.parametrize("path", sorted(DIRECTORY.rglob("*.jsonl")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_clause_without_its_trigger_would_have_marked_nothing(path: Path) -> None:
    entries = list(read(path.read_bytes().splitlines()))
    untriggered = [replace(clause, trigger=None) for clause in CLAUSES]
    assert judged(entries).verdicts == judged(entries, clauses=untriggered).verdicts


def test_codes_and_names_are_unique_and_in_order() -> None:
    families = "SRADW"
    assert sorted(set(CODES), key=lambda code: (families.index(code[0]), int(code[1:]))) == CODES
    assert len({clause.name for clause in CLAUSES}) == len(CLAUSES)


@pytest.mark.parametrize("clause", CLAUSES, ids=CODES)
def test_a_clause_says_everything_a_person_needs(clause: Clause) -> None:
    assert clause.statement
    assert clause.reason.endswith(".")
    assert 1 <= len(clause.advice) <= 2
    assert clause.stimulus
    assert EXAMPLES[clause.code].wrong != EXAMPLES[clause.code].right
    assert all(hasattr(DEFAULTS, name) for name in clause.parameters)


def test_examples_are_of_clauses() -> None:
    assert list(EXAMPLES) == CODES


def test_what_explains_what_names_clauses_and_makes_no_circle() -> None:
    reached = {code: set(codes) for code, codes in EXPLAINS.items()}
    for _ in reached:
        for codes in reached.values():
            codes.update(further for code in tuple(codes) for further in reached.get(code, ()))
    assert all(code not in codes for code, codes in reached.items())
