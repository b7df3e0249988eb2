"""The description of a clause: what it requires, why, what to change, and a wrong and a right client side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from contracts.clauses.examples import EXAMPLES, Example
from contracts.clauses.provider import ProviderClause
from contracts.judge import ANY_CLOCK, LOWER_BOUND, Clause, Requirement
from contracts.pages import page_of
from contracts.report.cells import pad, width
from contracts.report.facts import of_parameters
from contracts.report.style import PLAIN, Style


def describe(clause: Requirement, style: Style = PLAIN) -> str:
    """Return the full description of a clause; it ends with a newline."""
    blocks = [
        [style.paint(f"{clause.code} {clause.name}", "bold")],
        style.hang("  ", f"The {clause.subject} must {clause.statement}."),
        list(_facts(clause, style)),
    ]
    example = EXAMPLES.get(clause.code)
    if example is not None:
        blocks.append(list(_example(example, style)))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def document(clause: Requirement) -> dict[str, Any]:
    """Return the description of a clause as plain values."""
    told = {
        "code": clause.code,
        "name": clause.name,
        "subject": clause.subject,
        "statement": f"the {clause.subject} must {clause.statement}",
        "level": clause.level,
        "source": clause.source,
        "reason": clause.reason,
        "advice": list(clause.advice),
        "exercised": f"when {clause.stimulus}",
        "judged": _clocks(clause) if isinstance(clause, Clause) else "",
        "set_by": list(of_parameters(clause)),
        "needs": clause.needs if isinstance(clause, ProviderClause) else "",
        "page": page_of(clause.code),
        **(EXAMPLES[clause.code]._asdict() if clause.code in EXAMPLES else {}),
    }
    return {name: value for name, value in told.items() if value}


def _facts(clause: Requirement, style: Style) -> Iterator[str]:
    if clause.source:
        yield from style.hang(f"  {clause.level or 'source':<11}", clause.quotation)
    yield from style.hang("  why        ", clause.reason)
    for advice in clause.advice:
        yield from style.hang("  help       ", advice)
    yield from style.hang("  exercised  ", f"when {clause.stimulus}")
    if isinstance(clause, Clause):
        yield from style.hang("  judged     ", _clocks(clause))
    for told in of_parameters(clause):
        yield from style.hang("  set by     ", told)
    if isinstance(clause, ProviderClause) and clause.needs:
        yield from style.hang("  needs      ", clause.needs)
    if page := page_of(clause.code):
        yield f"  page       {page}"


def _clocks(clause: Clause) -> str:
    if clause.clocks == ANY_CLOCK:
        return "on any clock"
    if clause.clocks == LOWER_BOUND:
        return "in virtual time and on a wall clock"
    return "in virtual time; on a wall clock a breach is inconclusive"


def _example(example: Example, style: Style) -> Iterator[str]:
    """Show the two versions side by side if both fit, else one below the other."""
    wrong, right = example.wrong.splitlines(), example.right.splitlines()
    left = max(width(line) for line in [*wrong, "wrong"])
    if 2 + left + 3 + max(width(line) for line in right) > style.width:
        yield from _stacked(wrong, right, style)
        return
    bar = "│" if style.unicode else "|"
    yield f"  {style.paint(pad('wrong', left), 'red')} {bar} {style.paint('right', 'green')}"
    for before, after in zip_longest(wrong, right, fillvalue=""):
        yield f"  {pad(before, left)} {bar} {after}".rstrip()


def _stacked(wrong: list[str], right: list[str], style: Style) -> Iterator[str]:
    yield style.paint("  wrong", "red")
    yield from (f"    {line}" for line in wrong)
    yield style.paint("  right", "green")
    yield from (f"    {line}" for line in right)
