"""A clause explained: everything about it, and a wrong and a right client side by side."""

from __future__ import annotations

import pytest

from contracts.clauses import CLAUSES
from contracts.clauses.examples import EXAMPLES
from contracts.judge import Clause
from contracts.report.cells import width
from contracts.report.describe import describe
from contracts.report.style import Style


@pytest.mark.parametrize("clause", CLAUSES, ids=lambda clause: clause.code)
@pytest.mark.parametrize("columns", [60, 100])
def test_it_fits_and_says_it_all(clause: Clause, columns: int) -> None:
    told = describe(clause, Style(columns=columns))
    assert max(width(line) for line in told.splitlines()) <= columns
    words = " ".join(told.split())
    assert clause.statement in words
    assert clause.stimulus in words
    assert all(advice in words for advice in clause.advice)
    assert all(line in told for line in EXAMPLES[clause.code].right.splitlines())


def test_wrong_and_right_stand_side_by_side_where_there_is_room() -> None:
    assert "│ right" in describe(CLAUSES[0], Style(columns=100))
    assert "│" not in describe(CLAUSES[0], Style(columns=60))


def test_the_options_that_set_a_demand_are_told_with_their_values() -> None:
    told = {clause.code: describe(clause) for clause in CLAUSES}
    assert "set by     --max-age (5 by default; `off` switches it off)" in told["S2"]
    assert "set by     --max-attempts (5 by default)" in told["R4"]
    assert "set by     --min-pause (0.1 by default)" in told["R6"]
    assert "set by     --token-margin (300 by default)" in told["A4"]
    assert "set by     --idempotency-key (none by default)" in told["S1"]
    assert "set by" not in told["S3"]
    assert "on a wall clock a breach is inconclusive" in told["S2"]
    assert "in virtual time and on a wall clock" in told["R5"]
