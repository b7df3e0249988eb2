"""The list fits the source as it is now; what `make mutants` would find out after minutes is found out at once."""

from __future__ import annotations

import ast

import pytest

from contracts.clauses.provider import PROVIDER_CLAUSES
from tests.mutants.catalogue import MUTANTS, Mutant
from tests.mutants.table import MARK, all_caught, shown, table
from tests.mutants.workshop import ROOT, spoilt

README = ROOT / "tests" / "README.md"

CODES = {clause.code for clause in PROVIDER_CLAUSES}


def source_with(mutant: Mutant) -> str:
    return spoilt(mutant, (ROOT / mutant.file).read_text("utf-8"))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mistake_can_be_made_in_one_place_and_is_one_that_runs(mutant: Mutant) -> None:
    made = source_with(mutant)
    assert made != (ROOT / mutant.file).read_text("utf-8")
    if mutant.file.endswith(".py"):
        compile(made, mutant.file, "exec")


def test_no_mistake_is_on_the_list_twice() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert len({(mutant.file, _meaning(mutant)) for mutant in MUTANTS}) == len(MUTANTS)


def _meaning(mutant: Mutant) -> str:
    made = source_with(mutant)
    return ast.dump(ast.parse(made)) if mutant.file.endswith(".py") else made


def test_every_clause_has_a_mutant_and_no_mutant_waits_for_a_test_that_there_is_not() -> None:
    assert {mutant.caught_by for mutant in MUTANTS if mutant.by_clause} == CODES
    for mutant in MUTANTS:
        if not mutant.by_clause:
            file, *_, test = mutant.caught_by.split("::")
            assert f"def {test.partition('[')[0]}(" in (ROOT / file).read_text("utf-8"), mutant.name


def test_the_readme_lists_every_mutant_as_caught() -> None:
    assert shown(README, MARK) == table(all_caught())
