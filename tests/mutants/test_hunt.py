"""Some of the mutants, one of each kind; `make mutants` makes them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.hunt import NoVerdict, check_that_nothing_is_found, hunt
from tests.mutants.workshop import copy_of_the_project, mutated

pytestmark = pytest.mark.slow

NAMED = {mutant.name: mutant for mutant in MUTANTS}

SOME = (
    "no scope guard",
    "idle a millisecond too late",
    "the swap compares nothing",
    "a refusal is activity",
    "the message tells why a session is dead",
)
"""A guard taken away, a boundary moved, a swap that is none, a refusal that touches, an error that leaks."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with copy_of_the_project() as copy:
        yield copy


@pytest.mark.parametrize("name", SOME)
def test_a_mistake_in_the_mock_is_caught_by_the_clause_that_is_there_for_it(name: str, folder: Path) -> None:
    assert hunt(NAMED[name], folder, seeds=1).is_caught


def test_before_any_mistake_is_made_nothing_may_be_found(folder: Path) -> None:
    with mutated(NAMED["no scope guard"], folder), pytest.raises(NoVerdict, match="without any mutant the probe finds P7"):
        check_that_nothing_is_found(folder, [])
