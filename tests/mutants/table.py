"""The table in tests/README.md: who catches which mutants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from contracts.clauses.provider import PROVIDER_CLAUSES
from tests.mutants.catalogue import MUTANTS
from tests.mutants.hunt import Catch

BEGIN, END = "<!-- mutants: make mutants -->\n", "<!-- end of mutants -->\n"

TESTS = "tests"
"""Where no clause is to blame, one of the project's own tests notices."""


def table(catches: Sequence[Catch]) -> str:
    """A row for each clause, and one for the tests: what they catch, and how many of them."""
    rows = [row for code in (*(clause.code for clause in PROVIDER_CLAUSES), TESTS) if (row := _row(code, catches))]
    return "\n".join(("| caught by | mutants | caught |", "| --- | --- | --- |", *rows)) + "\n"


def _row(code: str, catches: Iterable[Catch]) -> str:
    mine = [catch for catch in catches if (catch.mutant.caught_by if catch.mutant.by_clause else TESTS) == code]
    names = " · ".join(catch.mutant.name for catch in mine)
    caught = sum(catch.is_caught for catch in mine)
    return f"| {code} | {names} | {caught} of {len(mine)} |" if mine else ""


def written(readme: str, catches: Sequence[Catch]) -> str:
    """The README with the table of these catches in place of the one it has."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README has no place for the table, between {BEGIN!r} and {END!r}")
    return before + begin + "\n" + table(catches) + "\n" + end + after


def shown(readme: Path) -> str:
    """The table that a README has."""
    return readme.read_text("utf-8").partition(BEGIN)[2].partition(END)[0].strip() + "\n"


def all_caught() -> list[Catch]:
    """Return the results that the README shows."""
    return [Catch(mutant, 1, 1) for mutant in MUTANTS]
