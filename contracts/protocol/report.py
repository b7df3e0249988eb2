"""The report of a verification, as text, JSON, JUnit XML or an issue."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import msgspec

from contracts.pages import page_of
from contracts.protocol.history import Call, History, history_of
from contracts.protocol.scenario import told
from contracts.protocol.trace import FOREVER, UnitRun
from contracts.protocol.verify import Finding, Found, Report
from contracts.report.cells import clean
from mockserver.platform.model import Platform

WIDTH = 100
SCHEMA_VERSION = 1
LONGEST_STORY = 40
"""The most lines of a run that are shown; of a longer one, the lines around the breach."""

LONGEST_ERROR = 100
"""The most characters shown of a client's error."""

BESIDE = 3
"""Lines shown before and after a line of the breach."""


def text(report: Report, platform: Platform) -> str:
    """Return the report as text: each broken clause with its smallest counterexample, then a table."""
    parts = [_finding(finding, platform, report.target) for finding in report.violated]
    return "\n\n".join([*parts, _table(report)]) + "\n"


def _finding(finding: Finding, platform: Platform, target: str) -> str:
    verdict, found = finding.verdict, finding.found
    lines = [f"error[{verdict.code}] {verdict.name}: {verdict.message}", f"  --> client {target}", ""]
    if found is not None:
        if found.scenario.steps:
            lines += ["  smallest failing scenario"]
            lines += [f"    {number}. {told(step)}" for number, step in enumerate(found.scenario.steps, 1)]
            lines += ["", "  what reached the mock"]
        else:
            lines += ["  what was recorded"]
        lines += [f"    {line}" for line in story_of(found, platform, verdict.at)]
    lines += ["", *_wrapped("  = rule: ", f"{verdict.statement}.")]
    if verdict.source:
        lines += _wrapped(f"  = {verdict.level}: ", verdict.source)
    lines += [f"  = page: {page}"] if (page := page_of(verdict.code)) else []
    return "\n".join(lines)


def _wrapped(head: str, words: str) -> list[str]:
    return textwrap.wrap(words, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def story_of(found: Found, platform: Platform, at: tuple[int, ...]) -> Iterator[str]:
    """Yield the lines of a run, in the order of events."""
    trace, history = found.trace, history_of(platform, found.trace)
    lines = [(place, f"          {words}") for place, words in trace.events]
    lines += [line for unit in trace.units for line in _unit(unit)]
    names = _names(history)
    for call in history.calls:
        lines.append((call.left, f"{'>' if call.number in at else ' '} {call.number:>4}  {_call(call, names)}"))
    ordered = [words for _, words in sorted(lines, key=lambda line: line[0])]
    marked = [number for number, words in enumerate(ordered) if words.startswith(">")]
    if len(ordered) <= LONGEST_STORY or not marked:
        yield from ordered[:LONGEST_STORY]
        return
    shown = {near for number in marked for near in range(number - BESIDE, number + BESIDE + 1)}
    for number, words in enumerate(ordered):
        if number in shown:
            yield words
        elif number - 1 in shown:
            yield "          …"


def _unit(unit: UnitRun) -> Iterator[tuple[float, str]]:
    given = ", ".join(f"{name}={value!r}" for name, value in unit.payload.items())
    if unit.began < FOREVER:
        yield unit.began, f"          unit {unit.number}: {unit.name}({given})"
    reported = {"accepted": "success", "failed": "failure", "never": "nothing"}[unit.outcome]
    words = " ".join(unit.error.split())
    error = f" ({words[:LONGEST_ERROR]}{'…' if len(words) > LONGEST_ERROR else ''})" if words else ""
    yield unit.ended, f"          unit {unit.number}: the client reported {reported}{error}"


def _names(history: History) -> dict[tuple[str, str], str]:
    """Return short names for ids, such as ``session 1``, numbered in the order of first use."""
    names: dict[tuple[str, str], str] = {}
    for call in sorted(history.calls, key=lambda one: one.left):
        for kind, id in (*call.shown.items(), *call.brought.items()):
            known = sum(1 for other, _ in names if other == kind)
            names.setdefault((kind, id), f"{history.platform.kinds[kind].noun} {known + 1}")
    return names


def _call(call: Call, names: dict[tuple[str, str], str]) -> str:
    exchange = call.exchange
    shows = ", ".join(names[pair] for pair in call.shown.items())
    brings = ", ".join(names[pair] for pair in call.brought.items())
    status = str(call.status or "no answer")
    if exchange.fault:
        status = (
            f"{exchange.fault} (injected)" if exchange.fault.startswith("status ") else f"{status} (injected: {exchange.fault})"
        )
    said = [names[kind, id] + " is dead" for kind, id in call.shown.items() if call.effects[kind] == "dead"]
    parts = [f"{exchange.method} {exchange.path}", f"{call.operation or 'no operation'}", f"with {shows}" if shows else ""]
    after = [status.removeprefix("status "), f"brings {brings}" if brings else "", *said]
    return f"{' '.join(filter(None, parts)):<60} → {', '.join(filter(None, after))}"


def _table(report: Report) -> str:
    rows = [(one.verdict.code, one.verdict.name, _status(one)) for one in report.findings]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{code:<{widths[0]}}  {name:<{widths[1]}}  {status}" for code, name, status in rows]
    why = f" ({report.why_real_time})" if report.why_real_time else ""
    real = f" in real time{why}" if report.real_time else ""
    how = report.extent or f"{report.scenarios} scenarios, seed {report.seed}, {report.elapsed_s:.1f} s{real}"
    broken = f"{len(report.violated)} of {len(rows)} clauses violated"
    lines += ["", f"{report.target} on {report.platform}: {broken}; {how}"]
    if report.exit_status == 2:
        lines.append("No clause could be judged: nothing that happened put one to the test.")
    return "\n".join(lines)


def _status(finding: Finding) -> str:
    verdict = finding.verdict
    level = f" ({verdict.level})" if verdict.level and verdict.status == "violated" else ""
    return {"explained": "follows from another violation"}.get(verdict.status, verdict.status) + level


def render(report: Report, platform: Platform, kind: str) -> str:
    """Return the report as text, json, junit, or as an issue for the client's maintainers."""
    if kind == "issue":
        from contracts.protocol import issue

        return issue.render(report, platform)
    if kind == "json":
        return msgspec.json.format(msgspec.json.encode(document(report)), indent=2).decode() + "\n"
    return junit(report, platform) if kind == "junit" else text(report, platform)


def junit(report: Report, platform: Platform) -> str:
    """Return the report as JUnit XML, with a test case for each clause."""
    skipped = sum(one.verdict.status in {"not exercised", "explained"} for one in report.findings)
    counts = {"tests": str(len(report.findings)), "failures": str(len(report.violated)), "skipped": str(skipped)}
    suite = Element("testsuite", {"name": "dayfly", "errors": "0", "time": f"{report.elapsed_s:.3f}", **counts})
    for finding in report.findings:
        verdict = finding.verdict
        name = clean(f"{verdict.code} {verdict.name}")
        case = SubElement(suite, "testcase", {"classname": clean(report.target), "name": name})
        if verdict.status == "violated":
            failure = SubElement(case, "failure", {"type": verdict.name, "message": clean(verdict.message)})
            failure.text = "\n".join(map(clean, _finding(finding, platform, report.target).splitlines()))
        elif verdict.status != "held":
            SubElement(case, "skipped", {"message": _status(finding)})
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "target": report.target,
        "platform": report.platform,
        "seed": report.seed,
        "examples": report.scenarios,
        "elapsed_s": round(report.elapsed_s, 3),
        "real_time": report.real_time,
        "clauses": [_clause(finding) for finding in report.findings],
    }


def _clause(finding: Finding) -> dict[str, Any]:
    verdict = finding.verdict
    told: dict[str, Any] = {
        "code": verdict.code,
        "name": verdict.name,
        "status": verdict.status,
        "statement": verdict.statement,
    }
    if verdict.source:
        told |= {"level": verdict.level, "source": verdict.source}
    if page := page_of(verdict.code):
        told["page"] = page
    if finding.found is not None:
        scenario = msgspec.to_builtins(finding.found.scenario)
        told["counterexample"] = {"scenario": scenario, "message": verdict.message, "requests": list(verdict.at)}
    return told
