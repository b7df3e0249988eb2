"""The gallery, one seed a client: what breaks a clause is caught by it, and what keeps them all is left alone.

Of the clients that are not shipped this runs the correct ones with few scenarios, and a culprit for each clause.
`make gallery` runs them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from contracts.clauses import CLAUSES
from tests.functional.conftest import Dayfly
from tests.gallery.catalogue import ROOT, Piece, pieces
from tests.gallery.judging import Story, judge, started
from tests.need import need

Replayed = Callable[[Piece, str], CompletedProcess[str]]

PIECES = tuple(piece for piece in pieces() if piece.shipped)
OWN = tuple(piece for piece in pieces() if not piece.shipped)
IN_PROCESS = [piece for piece in PIECES if piece.is_in_process]
CULPRITS = [piece for piece in PIECES if piece.room == "culprit"]
FAMILIES = {clause.code[0] for clause in CLAUSES}

SHARED = {"Cargo.toml", "json_lines.mjs", "json_lines.rb", "notifier.py"}
"""Files that are no clients."""

CLIENTS = ROOT / "tests" / "gallery" / "clients"
SHARED_BY_OWN = {"policy.py", "recovery.mjs", "ruff.toml", "whole.py", "words.py"}
"""Files there that are not clients."""

SOME = 50
"""Scenarios drawn for one client: fewer than by default."""

FEW = 5
"""Scenarios drawn for one of many."""

IMPATIENT = 0.25
"""Seconds of real time after which a client that shows nothing hangs."""


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


ELSEWHERE = {"stacks.py:Pycurl", "trio_facade.py:Trio"}
"""Clients whose time the judge cannot move: libcurl waits for real, and trio waits in the kernel."""

SMOKED = {"node_http.mjs"}
"""Files of the clients in other languages that are tried here."""


def first_of_each_clause(culprits: Iterable[Piece]) -> list[Piece]:
    """A culprit for each clause, in the order of the list."""
    chosen: dict[tuple[str, ...], Piece] = {}
    for piece in culprits:
        chosen.setdefault(piece.breaks, piece)
    return list(chosen.values())


def caught(piece: Piece) -> dict[str, Story]:
    """The clauses that the culprit is found to break: by a short walk, or else by the whole one, which takes longer."""
    finding = judge(piece, seed=0, examples=SOME, patience=IMPATIENT)
    if set(piece.breaks) <= set(finding.broken):
        return finding.broken
    return judge(piece, seed=0, examples=SOME, patience=IMPATIENT, walk="full").broken


def by_name(chosen: Sequence[Piece]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("piece", chosen, ids=lambda piece: piece.name)


@pytest.mark.slow
@by_name([piece for piece in IN_PROCESS if piece.room == "culprit"])
def test_a_mistake_is_caught_by_its_clause_and_by_no_other(piece: Piece) -> None:
    broken = caught(piece)
    assert set(piece.breaks) <= set(broken) <= {*piece.breaks, *piece.along}
    assert all(broken[code].minimal for code in piece.breaks)


@by_name([piece for piece in IN_PROCESS if piece.room == "correct"])
def test_a_client_that_keeps_every_clause_is_left_alone(piece: Piece) -> None:
    finding = judge(piece, seed=1, examples=SOME)
    assert (finding.broken, finding.inconclusive) == ({}, ())


@pytest.mark.slow
@by_name([piece for piece in OWN if piece.room == "correct" and not piece.command and piece.name not in ELSEWHERE])
def test_a_client_of_any_build_is_left_alone(piece: Piece) -> None:
    finding = judge(piece, seed=2, examples=FEW)
    assert (finding.broken, finding.inconclusive) == ({}, ())


@pytest.mark.slow
@by_name(first_of_each_clause(piece for piece in OWN if piece.room == "culprit"))
def test_a_variant_of_each_mistake_is_caught(piece: Piece) -> None:
    broken = caught(piece)
    assert set(piece.breaks) <= set(broken) <= {*piece.breaks, *piece.along}


@pytest.fixture
def replayed(dayfly: Dayfly) -> Replayed:
    """Replays one scenario. All scenarios take minutes, because each starts a process."""

    def replay(piece: Piece, scenario: str) -> CompletedProcess[str]:
        return dayfly("replay", f"fixtures/scenarios/{scenario}.json", "--command", started(piece), "--patience", "60")

    return replay


@pytest.mark.slow
@by_name([piece for piece in OWN if piece.files & SMOKED])
def test_a_client_in_another_language_keeps_the_contract_in_one_scenario(piece: Piece, replayed: Replayed) -> None:
    need(piece.needs)
    done = replayed(piece, "two-plain-sends")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "D2 not-delivered           held" in done.stdout


@pytest.mark.slow
@by_name([piece for piece in PIECES if piece.is_compiled and piece.room == "correct"])
def test_a_client_in_a_compiled_language_is_left_alone(piece: Piece) -> None:
    assert not judge(piece, seed=0, examples=0).broken


@pytest.mark.slow
@by_name([piece for piece in PIECES if piece.is_compiled and piece.room == "exhibit"])
def test_the_threads_mistake_is_caught_in_a_compiled_language(piece: Piece, replayed: Replayed) -> None:
    need(piece.needs)
    done = replayed(piece, "earlier-today")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "S1 session-reused          violated" in done.stdout


@pytest.mark.slow
@by_name([piece for piece in CULPRITS if piece.name == "node culprits.mjs NoContentType"])
def test_a_mistake_is_caught_in_another_language(piece: Piece) -> None:
    assert set(judge(piece, seed=0, examples=0).broken) == set(piece.breaks)


def test_every_clause_has_a_culprit_and_every_family_one_in_another_language() -> None:
    assert {code for piece in CULPRITS if piece.is_in_process for code in piece.breaks} == {clause.code for clause in CLAUSES}
    assert {code[0] for piece in CULPRITS if piece.command for code in piece.breaks} == FAMILIES
    assert all(len(piece.breaks) == 1 for piece in CULPRITS)


def test_every_client_that_is_shipped_is_in_the_gallery() -> None:
    shown = {name for piece in PIECES for name in piece.files}
    assert shown | SHARED == {path.name for path in Path("fixtures/clients").iterdir() if path.is_file()}


def test_the_gallery_is_large_enough_to_mean_something() -> None:
    correct = [piece for piece in OWN if piece.room == "correct"]
    culprits = [piece for piece in OWN if piece.room == "culprit"]
    assert len(correct) >= 60
    assert len(culprits) >= 120
    assert all(sum(piece.breaks == (clause.code,) for piece in culprits) >= 3 for clause in CLAUSES)
    assert len({piece.described for piece in OWN}) == len(OWN)


def test_every_client_that_is_not_shipped_is_in_the_gallery() -> None:
    shown = {name for piece in OWN for name in piece.files}
    assert shown | SHARED_BY_OWN == {path.name for path in CLIENTS.iterdir() if path.is_file()}
