"""The report as Markdown, for the summary page of a CI job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from contracts.judge import Status
from contracts.report import facts
from contracts.report.cells import clean
from contracts.report.model import ClauseResult, Report
from contracts.report.text import VERDICTS, counterexample

_SIGNS = {
    Status.VIOLATED: "❌",
    Status.HELD: "✅",
    Status.INCONCLUSIVE: "⚠️",
    Status.NOT_EXERCISED: "⏭️",
}
_MEANING = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~&])")
_FENCE = re.compile(r"`{3,}")


def render(report: Report) -> str:
    """The report; ends with an end of line. A client's texts stay texts: nothing in them is markup."""
    return "\n\n".join(_blocks(report)) + "\n"


def _blocks(report: Report) -> Iterator[str]:
    broken = report.violated
    verdict = f"{_SIGNS[Status.VIOLATED]} breaks" if broken else f"{_SIGNS[Status.HELD]} keeps"
    if report.exit_status() == 2:
        verdict = f"{_SIGNS[Status.NOT_EXERCISED]} was not put to the test by"
    yield f"## {_code(report.target)} {verdict} the contract"
    yield _facts(report)
    if broken:
        yield _table(broken)
    yield from (_story(report, result) for result in broken)
    others = [result for result in report.clauses if result.status is not Status.VIOLATED]
    if others:
        yield f"<details><summary>The other clauses</summary>\n\n{_table(others)}\n\n</details>"


def _facts(report: Report) -> str:
    counts = [f"{len(report.with_status(status))} {VERDICTS[status][0]}" for status in VERDICTS if report.with_status(status)]
    return " · ".join([*counts, *facts.of_report(report)])


def _table(results: list[ClauseResult] | tuple[ClauseResult, ...]) -> str:
    lines = ["| clause | verdict | runs | |", "| --- | --- | ---: | --- |"]
    return "\n".join([*lines, *(_row(result) for result in results)])


def _row(result: ClauseResult) -> str:
    message = result.message or (result.counterexample.message if result.counterexample else "")
    verdict = f"{_SIGNS[result.status]} {VERDICTS[result.status][0]}"
    return f"| {result.code} {_escaped(result.name)} | {verdict} | {result.exercised} | {_escaped(message)} |"


def _story(report: Report, result: ClauseResult) -> str:
    if result.counterexample is None:
        return f"**{result.code}** {_escaped(result.message)}"
    story = counterexample(report, result)
    fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(story)), default=0))
    title = escape(clean(f"{result.code} {result.name}: {result.counterexample.message}"))
    return f"<details open><summary>{title}</summary>\n\n{fence}text\n{story}{fence}\n\n</details>"


def _escaped(text: str) -> str:
    """Text in which no character means anything to Markdown."""
    return _MEANING.sub(r"\\\1", clean(text))


def _code(text: str) -> str:
    """A name as code, whatever backticks it has."""
    shown = clean(text)
    ticks = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{ticks} {shown} {ticks}" if "`" in shown else f"`{shown}`"
