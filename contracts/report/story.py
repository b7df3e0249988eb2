"""A counterexample as a section of the HTML page: the scenario, the history in lanes, and notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.judge import Requirement
from contracts.pages import page_of
from contracts.report import facts
from contracts.report.excerpt import excerpt
from contracts.report.lanes import timeline
from contracts.report.markup import Markup, element, prose
from contracts.report.model import ClauseResult, Counterexample, Report
from contracts.report.places import course_of, others
from contracts.report.text import TABLES
from contracts.report.ways import ways
from contracts.report.words import item_words


def story(report: Report, result: ClauseResult) -> Markup:
    """Return the section of a clause that was violated."""
    found = result.counterexample
    message = found.message if found is not None else result.message
    title = element("h2", element("span", f"{result.code} {result.name}", class_="code"), " ", prose(message), id=result.code)
    parts = [] if found is None else list(_parts(report, result, found))
    return element("section", title, parts, _commands(report, result), aria_labelledby=result.code)


def _parts(report: Report, result: ClauseResult, found: Counterexample) -> Iterator[Markup]:
    if result.expected is not None:
        yield element("p", f"Known, and expected to fail: {result.expected.reason}", class_="facts")
    yield from _scenario(report, found)
    yield from _history(report, result, found)
    yield from _notes(report, report.demand(result), found)
    yield from _output(found)


def _scenario(report: Report, found: Counterexample) -> Iterator[Markup]:
    scenario = found.scenario
    if scenario is None:
        return
    yield element("h3", "Smallest failing scenario" if found.minimal else "Failing scenario")
    yield element("p", "; ".join(facts.of_scenario(report, found)), class_="facts")
    if scenario.policy:
        yield element("p", "Policy: ", element("code", ", ".join(f"{name} {value}" for name, value in scenario.policy.items())))
    yield element("ol", [_item(item) for item in scenario.parts], class_="scenario")


def _item(item: Any) -> Markup:
    first, *others = item_words(item)
    below = element("ul", [element("li", element("code", line.strip())) for line in others]) if others else None
    return element("li", element("code", first), below)


def _history(report: Report, result: ClauseResult, found: Counterexample) -> Iterator[Markup]:
    course = course_of(found)
    clock = "virtual time" if course.clock == "virtual" else f"{course.clock} clock"
    name = f"{result.code}-history"
    yield element("h3", f"{TABLES[report.shown].capitalize()} ({clock})", id=name)
    yield timeline(excerpt(course.rows(found.evidence, found.log)), name, course.effects)


def _notes(report: Report, clause: Requirement | None, found: Counterexample) -> Iterator[Markup]:
    notes = list(_told(report, clause, found))
    if notes:
        yield element("h3", "What to make of it")
        page = page_of(clause.code) if clause is not None else ""
        link = [element("dt", "Page"), element("dd", element("a", page, href=page))] if page else None
        yield element("dl", [[element("dt", label), element("dd", prose(text))] for label, text in notes], link)


def _told(report: Report, clause: Requirement | None, found: Counterexample) -> Iterator[tuple[str, str]]:
    if clause is not None:
        yield "Rule", f"The {clause.subject} must {clause.statement}."
        if clause.source:
            yield clause.level or "Source", clause.quotation
        yield "Why", clause.reason
        yield from (("Help", advice) for advice in clause.advice)
        yield from (("Set by", told) for told in facts.of_parameters(clause))
    label, checked = facts.of_minimality(report, found)
    if label:
        yield label.capitalize(), f"{checked[0].upper()}{checked[1:]}."
    if found.times > 1:
        yield "Times", f"{found.times}; {others(found)}."
    confidence = facts.of_confidence(found)
    if confidence:
        yield "Confidence", f"{confidence[0].upper()}{confidence[1:]}."


def _output(found: Counterexample) -> Iterator[Markup]:
    if found.output.strip() and not found.log:
        title = element("summary", "What the client wrote to stderr")
        text = "\n".join(line.expandtabs(4) for line in found.output.splitlines())
        yield element("details", title, element("pre", text, tabindex="0"))


def _commands(report: Report, result: ClauseResult) -> Markup:
    told = [
        [element("dt", way.label), element("dd", element("code", way.command, class_="command"))]
        for way in ways(report, result)
    ]
    return element("div", element("h3", "Run it again"), element("dl", told), class_="again")
