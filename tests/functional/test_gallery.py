"""The gallery, one seed a client: what breaks a clause is caught by it, and what keeps them all is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.clauses import CLAUSES
from tests.gallery.catalogue import ROOT, Piece, pieces
from tests.gallery.judging import judge

PIECES = pieces()
IN_PROCESS = [piece for piece in PIECES if piece.is_in_process]
CULPRITS = [piece for piece in PIECES if piece.room == "culprit"]
FAMILIES = {clause.code[0] for clause in CLAUSES}

SHARED = {"json_lines.mjs", "notifier.py"}
"""Files that are no clients."""

SOME = 50
"""Scenarios drawn for one client: fewer than by default."""

IMPATIENT = 0.25
"""Seconds of real time after which a client that shows nothing hangs."""


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def by_name(chosen: list[Piece]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("piece", chosen, ids=lambda piece: piece.name)


@by_name([piece for piece in IN_PROCESS if piece.room == "culprit"])
def test_a_mistake_is_caught_by_its_clause_and_by_no_other(piece: Piece) -> None:
    broken = judge(piece, seed=0, examples=SOME, patience=IMPATIENT).broken
    assert set(piece.breaks) <= set(broken) <= {*piece.breaks, *piece.along}
    assert all(broken[code].minimal for code in piece.breaks)


@by_name([piece for piece in IN_PROCESS if piece.room == "correct"])
def test_a_client_that_keeps_every_clause_is_left_alone(piece: Piece) -> None:
    finding = judge(piece, seed=1, examples=SOME)
    assert (finding.broken, finding.inconclusive) == ({}, ())


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
