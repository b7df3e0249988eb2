"""The gallery's table in tests/README.md matches the present list of clients."""

from __future__ import annotations

import re

import pytest

from tests.gallery.catalogue import ROOT, pieces
from tests.gallery.table import shown
from tests.gallery.tally import PER_MISS

PIECES = {piece.name: piece for piece in pieces()}
ROWS = shown((ROOT / "tests" / "README.md").read_text("utf-8"))


def test_it_shows_clients_of_every_room() -> None:
    assert set(ROWS) <= set(PIECES)
    assert {PIECES[name].room for name in ROWS} == {"correct", "culprit", "exhibit"}


@pytest.mark.parametrize("name", ROWS)
def test_a_client_was_found_to_be_what_it_is_known_for(name: str) -> None:
    piece = PIECES[name]
    _, breaks, found, others, _ = (cell.strip() for cell in ROWS[name].strip("|").split("|"))
    assert breaks == (", ".join(piece.breaks) or "nothing")
    assert set(re.findall(r"[A-Z]\d", others)) <= set(piece.along)
    for times, seeds in re.findall(r"(\d+) of (\d+)", found):
        missed = int(seeds) - int(times) if piece.breaks else int(times)
        assert missed <= (int(seeds) // PER_MISS if piece.breaks else 0)
