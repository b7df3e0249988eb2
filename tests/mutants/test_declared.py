"""Some mutants of the declared web chat, evenly spread; `python -m tests.mutants.webchat` makes them all."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

import pytest

from tests.mutants.webchat import ALIKE, MISSED, Mutant, caught_by, mutants, why_alike

EVERY = 12


@pytest.mark.parametrize("mutant", list(islice(mutants(), 0, None, EVERY)), ids=str)
def test_a_mutant_is_caught_unless_no_answer_depends_on_its_place(mutant: Mutant, tmp_path: Path) -> None:
    assert why_alike(mutant.place) or caught_by(mutant, tmp_path) != MISSED


def test_nothing_is_excused_that_is_not_there() -> None:
    places = {mutant.place for mutant in mutants()}
    assert [pattern for pattern in ALIKE if not any(fnmatchcase(place, pattern) for place in places)] == []
