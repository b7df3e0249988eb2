"""Some mutants of each declaration, evenly spread; `make mutants` makes them all."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

import pytest

from mockserver.platform import names
from tests.mutants.__main__ import README
from tests.mutants.declared import ALIKE, Mutant, caught_by, mutants
from tests.mutants.table import DECLARED_MARK, shown
from tests.mutants.webchat import MISSED

EVERY = 24
"""One mutant of so many is made here."""


@pytest.mark.parametrize("mutant", [one for name in names() for one in islice(mutants(name), 7, None, EVERY)], ids=str)
def test_a_mutant_is_caught_unless_no_answer_depends_on_its_place(mutant: Mutant, tmp_path: Path) -> None:
    assert caught_by(mutant, tmp_path) != MISSED


@pytest.mark.parametrize("platform", ALIKE)
def test_nothing_is_excused_that_is_not_there(platform: str) -> None:
    places = {mutant.place for name in names() if platform in {name, "*"} for mutant in mutants(name)}
    assert [pattern for pattern in ALIKE[platform] if not any(fnmatchcase(place, pattern) for place in places)] == []


def test_the_readme_counts_every_mutant() -> None:
    rows = [line.split(" | ") for line in shown(README, DECLARED_MARK).splitlines()[2:]]
    assert {row[0].strip("| "): row[1] for row in rows} == {name: str(len(list(mutants(name)))) for name in names()}
