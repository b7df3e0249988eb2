"""The gallery as a table: for a terminal clause by client, for tests/README.md client by client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from contracts.clauses import CLAUSES
from tests.gallery.tally import MARKS, Tally

BEGIN, END = "<!-- gallery: make gallery -->\n", "<!-- end of gallery -->\n"

HEAD = ("| client | must break | found in | as well | story |", "| --- | --- | --- | --- | --- |")

FAMILIES = [[clause.code for clause in family] for _, family in groupby(CLAUSES, lambda clause: clause.code[0])]


def text(tallies: Sequence[Tally]) -> str:
    """A line for each client, a column for each clause under the letter of its family."""
    width = max(len(tally.piece.name) for tally in tallies)
    lines = [
        f"{'':{width}}  {' '.join(f'{codes[0][0]:{len(codes)}}' for codes in FAMILIES)}",
        f"{'':{width}}  {' '.join(''.join(code[1:] for code in codes) for codes in FAMILIES)}  seeds  longest story",
    ]
    for tally in tallies:
        marks = " ".join("".join(tally.mark(code) for code in codes) for codes in FAMILIES)
        lines.append(f"{tally.piece.name:{width}}  {marks}  {tally.missing or _summary(tally)}".rstrip())
    legend = "  ".join(f"{mark} {meaning}" for mark, meaning in MARKS.items())
    return "\n".join([*lines, "", legend])


def _summary(tally: Tally) -> str:
    return f"{len(tally.findings):5}  {_longest(tally)}"


def _longest(tally: Tally) -> str:
    """The longest counterexample to what it has to break."""
    if not tally.stories:
        return ""
    intents = max(story.intents for _, story in tally.stories)
    return "1 message" if intents == 1 else f"{intents} messages"


def written(readme: str, tallies: Sequence[Tally], names: Iterable[str]) -> str:
    """The README with these findings in its table; rows of clients that were not looked at stay, in the order of `names`."""
    before, begin, rest = readme.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README has no place for the table, between {BEGIN!r} and {END!r}")
    found = dict(rows(old)) | {tally.piece.name: _row(tally) for tally in tallies if not tally.missing}
    table = "\n".join((*HEAD, *(found[name] for name in names if name in found)))
    return f"{before}{begin}\n{table}\n\n{end}{after}"


def rows(table: str) -> Iterator[tuple[str, str]]:
    """The rows of such a table, each after the name of its client."""
    for line in table.splitlines():
        if line.startswith("| `"):
            yield line.split("`")[1], line


def shown(readme: str) -> dict[str, str]:
    """The rows that a README has, by their clients."""
    return dict(rows(readme.partition(BEGIN)[2].partition(END)[0]))


def _row(tally: Tally) -> str:
    """Return a row: what the client must break, how often it was caught, and what else was found."""
    piece, counts, seeds = tally.piece, tally.counts, len(tally.findings)
    found = ", ".join(f"{counts[code]} of {seeds}" for code in piece.breaks) or f"0 of {seeds}"
    others = ", ".join(f"{code} ({count})" for code, count in sorted(counts.items()) if code not in piece.breaks)
    return f"| `{piece.name}` | {', '.join(piece.breaks) or 'nothing'} | {found} | {others} | {_longest(tally)} |"
