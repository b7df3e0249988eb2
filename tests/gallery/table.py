"""The gallery as a table: for a terminal clause by client, for the README client by client."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.clauses import CLAUSES
from tests.gallery.tally import MARKS, Tally

ROOMS = {"correct": "Keep every clause", "culprit": "Make one mistake each", "exhibit": "As they are found"}


def text(tallies: Sequence[Tally]) -> str:
    """A line for each client, a column for each clause."""
    width = max(len(tally.piece.name) for tally in tallies)
    codes = " ".join(clause.code for clause in CLAUSES)
    lines = [f"{'':{width}}  {codes}  seeds  stories"]
    for tally in tallies:
        marks = "  ".join(tally.mark(clause.code) for clause in CLAUSES)
        lines.append(f"{tally.piece.name:{width}}  {marks}   {tally.missing or _summary(tally)}")
    legend = "  ".join(f"{mark} {meaning}" for mark, meaning in MARKS.items())
    return "\n".join([*lines, "", legend])


def _summary(tally: Tally) -> str:
    return f"{len(tally.findings):5}  {_longest(tally)}"


def _longest(tally: Tally) -> str:
    """The longest counterexample to what it has to break."""
    if not tally.stories:
        return ""
    intents = max(story.intents for _, story in tally.stories)
    return "1 message" if intents == 1 else f"up to {intents} messages"


def markdown(tallies: Sequence[Tally]) -> str:
    """A row for each client: what it breaks, how often it was caught, what else was found."""
    return "\n".join(_rows([tally for tally in tallies if not tally.missing]))


def _rows(tallies: Sequence[Tally]) -> Iterator[str]:
    yield "| client | must break | found in | as well | story |"
    yield "| --- | --- | --- | --- | --- |"
    for tally in tallies:
        piece, counts, seeds = tally.piece, tally.counts, len(tally.findings)
        found = ", ".join(f"{counts[code]} of {seeds}" for code in piece.breaks) or f"0 of {seeds}"
        others = ", ".join(f"{code} ({count})" for code, count in sorted(counts.items()) if code not in piece.breaks)
        yield f"| `{piece.name}` | {', '.join(piece.breaks) or 'nothing'} | {found} | {others} | {_longest(tally)} |"
