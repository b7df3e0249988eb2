"""The report for people at a terminal: every counterexample as a story, and a summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contracts.judge import Requirement
from contracts.pages import page_of
from contracts.report import facts
from contracts.report.cells import hanging, pad, width, wrap
from contracts.report.model import ClauseResult, Counterexample, Ending, Report, Source
from contracts.report.places import others, places
from contracts.report.style import PLAIN, Style
from contracts.report.table import table
from contracts.report.verdicts import VERDICTS, counts
from contracts.report.ways import ways
from contracts.report.words import item_words

_NAME, _VERDICT, _ROOM = 26, 13, 20
"""Columns of the summary: the clause, the verdict, and the fewest that a message needs to be shown."""

TABLES: Mapping[Source, str] = {
    "client": "what reached the mock",
    "provider": "what the provider was asked",
    "recording": "what the recording shows",
    "journal": "what reached the mock",
    "test": "what reached the mock",
}
"""The title of a counterexample's table."""

STDERR_LINES = 12
"""The number of last lines shown of what a client wrote to stderr."""


def render(report: Report, style: Style = PLAIN) -> str:
    """Return the whole report: every counterexample, then the summary; it ends with a newline."""
    stories = [counterexample(report, result, style) for result in report.violated if result.counterexample]
    return "\n".join([*stories, summary(report, style)])


def titles(report: Report, style: Style = PLAIN) -> str:
    """Return the first lines of each counterexample; they end with a newline."""
    found = [(result, result.counterexample) for result in report.violated if result.counterexample]
    return "".join(f"{line}\n" for result, told in found for line in _title(report, result, told, style))


def summary(report: Report, style: Style = PLAIN) -> str:
    """Return a line per clause, and a line that counts them; it ends with a newline."""
    seed = "" if report.seed is None else f", seed {report.seed}"
    runs = facts.counted(report.examples, "run")
    terms = "".join(f", {one}" for one in facts.terms(report))
    title = style.say(f"{report.target}: {runs}{seed}{terms}, {report.elapsed_s:.1f} s")
    lines = [*(style.paint(line, "bold") for line in wrap(title, style.width)), ""]
    lines.append(style.paint(f"  {pad('clause', _NAME)} {pad('verdict', _VERDICT)} {'runs':>6}  finding", "dim"))
    lines += [line for result in report.clauses for line in _summary_lines(result, style)]
    lines += ["", _count(report, style)]
    lines += [line for remark in facts.remarks(report) for line in style.hang("  ", remark)]
    return "\n".join(lines) + "\n"


def _summary_lines(result: ClauseResult, style: Style) -> Iterator[str]:
    """Return the line of a clause. A reason without a counterexample goes on below, because nothing else tells it."""
    verdict = VERDICTS[result.ending]
    name = style.clip(f"{result.code} {result.name}", _NAME)
    lead = f"  {pad(name, _NAME)} {style.paint(pad(verdict.words, _VERDICT), verdict.look)} {result.exercised:>6}  "
    room = style.width - _NAME - _VERDICT - 12
    if result.counterexample is None and result.words and result.ending is Ending.INCONCLUSIVE:
        first, *others = wrap(style.say(result.words), room) if room >= _ROOM else ["", *style.hang("    ", result.words)]
        yield (lead + first).rstrip()
        yield from (" " * (style.width - room) + line for line in others) if room >= _ROOM else others
        return
    yield (lead + _finding(result, room, style)).rstrip() if room >= _ROOM else lead.rstrip()


def _finding(result: ClauseResult, room: int, style: Style) -> str:
    """Return the finding and the requests it points to. If it is too long the finding is cut, not the requests."""
    where = places(result.counterexample).words if result.ending is Ending.VIOLATED else ""
    suffix = f" ({where})" if where else ""
    if len(suffix) > room // 2:
        suffix = ""
    return style.clip(style.say(result.words), room - len(suffix)) + suffix


def _count(report: Report, style: Style) -> str:
    """Put as many counts on a line as fit. Colours take no room."""
    lines, room, between = ["  "], style.width - 2, style.say(" · ")
    for count, ending in counts(report):
        words = f"{count} {VERDICTS[ending].words}"
        if room < width(words):
            lines.append("  ")
            room = style.width - 2
        elif lines[-1].strip():
            lines[-1] += between
        lines[-1] += style.paint(words, VERDICTS[ending].look)
        room -= width(words) + width(between)
    return "\n".join(lines)


# -- a counterexample ------------------------------------------------------------------------------------------------


def counterexample(report: Report, result: ClauseResult, style: Style = PLAIN) -> str:
    """Tell how a clause was violated; ends with a newline. `result` must have a counterexample."""
    found = result.counterexample
    assert found is not None
    blocks = [
        _title(report, result, found, style),
        list(_scenario(report, found, style)),
        table(found, style, TABLES[report.shown]),
        list(_notes(report, report.demand(result), found, style)),
        list(_output(found, style)),
        [style.say(f"  {way.label:<11} {way.command}") for way in ways(report, result)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _title(report: Report, result: ClauseResult, found: Counterexample, style: Style) -> list[str]:
    label = f"error[{result.code}] "
    message = wrap(style.say(f"{result.name}: {found.message}"), style.width - width(label))
    lines = [style.paint(label.strip(), "red", "bold") + " " + style.paint(message[0], "bold")]
    lines += [" " * len(label) + style.paint(line, "bold") for line in message[1:]]
    return [*lines, *style.hang("  --> ", f"{report.shown} {report.target}")]


def _scenario(report: Report, found: Counterexample, style: Style) -> Iterator[str]:
    scenario = found.scenario
    if scenario is None:
        return
    told = list(facts.of_scenario(report, found))
    title = "smallest failing scenario" if found.minimal else "failing scenario"
    first, *others = style.hang("  ", f"{title} ({'; '.join(told)})")
    yield "  " + style.paint(title, "bold") + first.removeprefix(f"  {title}")
    yield from others
    if scenario.policy:
        policy = ", ".join(f"{name} {value}" for name, value in scenario.policy.items())
        yield from style.hang("    policy: ", policy)
    for number, item in enumerate(scenario.parts, start=1):
        for nth, line in enumerate(item_words(item)):
            label = f"{number:>5}. " if nth == 0 else " " * (7 + len(line) - len(line.lstrip()))
            yield from hanging(label, style.say(line.lstrip()), style.width)


# -- what to make of it ----------------------------------------------------------------------------------------------


def _notes(report: Report, clause: Requirement | None, found: Counterexample, style: Style) -> Iterator[str]:
    if clause is not None:
        yield from _rule(clause, style)
    label, checked = facts.of_minimality(report, found)
    if label:
        yield from style.hang(f"  = {label}: ", checked)
    if found.times > 1:
        yield from style.hang("  = times: ", f"{found.times}; {others(found)}")
    confidence = facts.of_confidence(found)
    if confidence:
        yield from style.hang("  = confidence: ", confidence)


def _rule(clause: Requirement, style: Style) -> Iterator[str]:
    yield from style.hang("  = rule: ", f"the {clause.subject} must {clause.statement}.")
    if clause.source:
        yield from style.hang(f"  = {clause.level or 'source'}: ", clause.quotation)
    yield from style.hang("  = why:  ", clause.reason)
    for advice in clause.advice:
        yield from style.hang("  = help: ", advice)
    for told in facts.of_parameters(clause):
        yield from style.hang("  = set by: ", told)
    if page := page_of(clause.code):
        yield f"  = page: {page}"


def _output(found: Counterexample, style: Style) -> Iterator[str]:
    lines = found.output.splitlines()
    if not lines or found.log:
        return
    yield f"  {style.paint('what the client wrote to stderr', 'bold')}"
    if len(lines) > STDERR_LINES:
        yield style.say(f"    … {len(lines) - STDERR_LINES} lines above")
    for line in lines[-STDERR_LINES:]:
        yield "    " + style.clip(style.say(line.expandtabs(4)), style.width - 4)
