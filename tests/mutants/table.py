"""The table in tests/README.md: who catches which mutants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from contracts.clauses.provider import PROVIDER_CLAUSES
from tests.mutants.catalogue import MUTANTS
from tests.mutants.hunt import Catch

MARK, DECLARED_MARK = "mutants", "mutants of declarations"
"""The names of the two tables, which stand in comments before and after each."""

CATCHERS = ("loader", "histories", "samples", "listed as alike")
"""What catches a mutant of a declaration, or excuses it."""

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


def declared_table(counts: Mapping[str, Counter[str]]) -> str:
    """Return a row for each declaration: how many mutants it has, and what catches them."""
    rows = [[platform, count.total(), *(count[one] or "" for one in CATCHERS)] for platform, count in counts.items()]
    head = ["declaration", "mutants", *CATCHERS]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in (head, ["---"] * len(head), *rows))


def written(readme: str, mark: str, lines: str) -> str:
    """Return the README with a table in place of the one it has."""
    begin, end = f"<!-- {mark}: make mutants -->\n", f"<!-- end of {mark} -->\n"
    before, found, rest = readme.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the README has no place for the table, between {begin!r} and {end!r}")
    return f"{before}{begin}\n{lines}\n{end}{after}"


def shown(readme: Path, mark: str) -> str:
    """Return a table that a README has."""
    text = readme.read_text("utf-8")
    return text.partition(f"<!-- {mark}: make mutants -->\n")[2].partition(f"<!-- end of {mark} -->")[0].strip() + "\n"


def all_caught() -> list[Catch]:
    """Return the results that the README shows."""
    return [Catch(mutant, 1, 1) for mutant in MUTANTS]
