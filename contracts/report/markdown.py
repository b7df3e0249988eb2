"""The report as Markdown, for the summary page of a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from contracts.report import facts
from contracts.report.cells import clean, coded
from contracts.report.model import ClauseResult, Ending, Report
from contracts.report.places import places
from contracts.report.text import counterexample
from contracts.report.verdicts import VERDICTS, counts

_MEANING = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~&])")
_BLANKS = re.compile(" {2,}|^ +| +$")
_FENCE = re.compile(r"`{3,}")


def render(report: Report) -> str:
    """Return the report, ending with a newline. A client's texts are never taken as markup."""
    return "\n\n".join(_blocks(report)) + "\n"


def overview(report: Report) -> str:
    """Return the report without its counterexamples and without the clauses that just held; it ends with a newline."""
    return "\n\n".join(_overview(report)) + "\n"


def _overview(report: Report) -> Iterator[str]:
    yield f"## {_code(report.target)} {_verdict(report)} the contract"
    told = [f"{count} {VERDICTS[ending].words}" for count, ending in counts(report)]
    if report.clauses:
        yield " · ".join([*told, *facts.of_report(report)])
    yield from map(_prose, facts.no_verdict(report))
    if report.extent:
        yield _escaped(report.extent)
    yield from map(_escaped, facts.refused(report))
    if report.inferred:
        yield _escaped(facts.inferred(report))
    yield from map(_prose, facts.unjudged(report))
    bad = _bad(report)
    if bad:
        yield _table(bad)


def _bad(report: Report) -> list[ClauseResult]:
    return [*report.violated, *report.with_ending(Ending.NOW_HELD)]


def _blocks(report: Report) -> Iterator[str]:
    yield from _overview(report)
    bad = _bad(report)
    yield from (_story(report, result) for result in report.violated)
    others = [result for result in report.clauses if result not in bad]
    if others:
        title = "The other clauses" if bad else "All clauses"
        yield f"<details><summary>{title}</summary>\n\n{_table(others)}\n\n</details>"


def _verdict(report: Report) -> str:
    if report.violated:
        return f"{VERDICTS[Ending.VIOLATED].emoji} breaks"
    if report.failed:
        return f"{VERDICTS[Ending.NOW_HELD].emoji} keeps more than expected of"
    if report.exit_status() == 2:
        tested = report.stopped or report.with_ending(Ending.HELD) or report.with_ending(Ending.INCONCLUSIVE)
        return f"{VERDICTS[Ending.NOT_EXERCISED].emoji} {'could not be judged for' if tested else 'was not put to the test by'}"
    if report.with_ending(Ending.EXPECTED):
        return f"{VERDICTS[Ending.EXPECTED].emoji} breaks, as expected,"
    return f"{VERDICTS[Ending.HELD].emoji} keeps"


def _table(results: list[ClauseResult]) -> str:
    lines = ["| clause | verdict | runs | finding |", "| --- | --- | ---: | --- |"]
    return "\n".join([*lines, *(_row(result) for result in results)])


def _row(result: ClauseResult) -> str:
    verdict = VERDICTS[result.ending]
    shown = f"{verdict.emoji} {verdict.words}"
    where = places(result.counterexample).words if result.ending is Ending.VIOLATED else ""
    finding = _prose(result.words) + (f" ({_escaped(where)})" if where else "")
    return f"| {result.code} {_escaped(result.name)} | {shown} | {result.exercised} | {finding} |"


def _story(report: Report, result: ClauseResult) -> str:
    if result.counterexample is None:
        return f"**{result.code}** {_escaped(result.message)}"
    story = counterexample(report, result)
    fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(story)), default=0))
    title = _unbroken(escape(clean(f"{result.code} {result.name}: {result.counterexample.message}")))
    return f"<details open><summary>{title}</summary>\n\n{fence}text\n{story}{fence}\n\n</details>"


def _prose(text: str) -> str:
    """Render a sentence for a table cell, with names in backticks as code."""
    return "".join(_code(piece).replace("|", "\\|") if is_code else _escaped(piece) for is_code, piece in coded(text))


def _escaped(text: str) -> str:
    """Escape a text so that no character has a meaning in Markdown, and no space is lost."""
    return _unbroken(_MEANING.sub(r"\\\1", clean(text)))


def _unbroken(text: str) -> str:
    """Keep runs of spaces apart that a browser would join."""
    return _BLANKS.sub(lambda found: "&nbsp;" * len(found[0]), text)


def _code(text: str) -> str:
    """Render a name as code, whatever backticks it has."""
    shown = clean(text)
    ticks = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{ticks} {shown} {ticks}" if "`" in shown else f"`{shown}`"
