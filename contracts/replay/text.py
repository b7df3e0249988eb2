"""The report for a terminal: every request, the reasons of refusals, and what the recording shows of the policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from contracts.replay.results import RefusalGroup, ReplayedRequest, ReproductionReport
from contracts.replay.words import explained, reply_words, span_words, verdict
from contracts.report.cells import pad, width
from contracts.report.facts import counted
from contracts.report.style import PLAIN, Look, Style
from mockserver.clock import iso

_REQUEST = 14
SHOWN = 20
"""Most problems that are listed; the JSON has all of them."""


def render(report: ReproductionReport, style: Style = PLAIN) -> str:
    """Return the whole report; it ends with a newline."""
    assumed = [f"{report.unit} {result.number}: {result.taken}" for result in report.results if result.taken is not None]
    problems = [problem.words(report.unit) for problem in report.problems]
    known = (f"{finding.name}: {span_words(finding, report.unit)}" for finding in report.inference.findings)
    blocks = [
        list(_head(report, style)),
        list(_table(report, style)),
        *(list(_refusal(refusal, report, style)) for refusal in report.refusals),
        list(_section("assumptions", _first(assumed), style)),
        list(_section("problems in the file", _first(problems), style)),
        list(_section("the policy, as far as this recording shows it", [*known, *report.inference.notes], style)),
        list(_verdict(report, style)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def outcome(report: ReproductionReport, style: Style = PLAIN) -> str:
    """Return the last lines of the report: how far the mock answered as recorded."""
    return "\n".join(_verdict(report, style)) + "\n"


def _head(report: ReproductionReport, style: Style) -> Iterator[str]:
    first = report.results[0].at
    yield from style.hang(
        "", f"{report.source}: {report.kind}, {counted(len(report.results), 'request')}, {iso(first)[:10]} UTC"
    )
    told = [f"{name} {report.policy[name]:g}" for name in ("ttl", "idle_timeout", "handshakes") if name in report.policy]
    yield from style.hang("policy: ", f"{', '.join(told)} ({report.policy_from})" if told else report.policy_from)


def _table(report: ReproductionReport, style: Style) -> Iterator[str]:
    replies = max([len("recorded"), *(len(reply_words(result.recorded, code=True)) for result in report.results)])
    recorded = min(replies, max(18, style.width - 62))
    heading = f"  {'time':<12}  {report.unit:>6}  {pad('request', _REQUEST)}  {pad('recorded', recorded)}  reproduced"
    yield style.paint(heading, "dim")
    for result in report.results:
        yield _row(result, recorded, style)


def _row(result: ReplayedRequest, recorded: int, style: Style) -> str:
    request = f"{result.request} {result.session}" if result.session is not None else result.request
    lead = f"{iso(result.at)[11:23]}  {result.number:>6}  {pad(style.clip(style.say(request), _REQUEST), _REQUEST)}"
    was = pad(style.clip(style.say(reply_words(result.recorded, code=True)), recorded), recorded)
    room = style.width - width(lead) - recorded - 6
    now = style.clip(style.say(reply_words(result.reproduced, code=False)), room)
    mark = " " if result.agrees else "!"
    look: Look = "red" if not result.agrees else "green" if result.reproduced.status == 200 else "yellow"
    return f"{style.paint(mark, 'red')} {lead}  {was}  {style.paint(now, look)}"


def _refusal(refusal: RefusalGroup, report: ReproductionReport, style: Style) -> Iterator[str]:
    often = "" if refusal.count == 1 else f", {refusal.count} times"
    session = f" ({refusal.session})" if refusal.session is not None else ""
    for line in style.hang("", f"{refusal.status} {refusal.reason}{often}: first in {report.unit} {refusal.number}{session}"):
        yield style.paint(line, "bold")
    yield from style.hang("  guard:  ", refusal.guard)
    yield from style.hang("  cause:  ", refusal.cause)
    if refusal.missed is not None:
        yield from style.hang("  missed: ", refusal.missed)
    if refusal.accepted_if is not None:
        yield from style.hang("  needed: ", refusal.accepted_if)
    for line in refusal.advice:
        yield from style.hang("  advice: ", line)


def _section(title: str, lines: Iterable[str], style: Style) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == 0:
            yield style.paint(title, "bold")
        yield from style.hang("  ", line)


def _first(lines: Sequence[str]) -> list[str]:
    return [*lines[:SHOWN], f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else list(lines)


def _verdict(report: ReproductionReport, style: Style) -> Iterator[str]:
    look: Look = "red" if report.differing else "green"
    yield style.paint(style.say(verdict(report)), look)
    for line in explained(report):
        yield from style.hang("", line)
