"""The report as JUnit XML for CI systems: a test case per clause, as Jenkins' schema junit-10 describes it."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from contracts.report.cells import clean
from contracts.report.model import ClauseResult, Ending, Report
from contracts.report.text import counterexample

NAME = "dayfly"

_FAILED = {Ending.VIOLATED, Ending.NOW_HELD}
_SKIPPED = {Ending.NOT_EXERCISED: "not exercised", Ending.INCONCLUSIVE: "inconclusive", Ending.EXPECTED: "expected failure"}


def render(report: Report) -> bytes:
    """Return the report as an XML document in UTF-8. Characters that XML cannot hold are escaped as in Python."""
    failed = sum(result.ending in _FAILED for result in report.clauses)
    skipped = sum(result.ending in _SKIPPED for result in report.clauses)
    errors, tests = int(bool(report.stopped)), len(report.clauses) + bool(report.stopped)
    counts = {"tests": str(tests), "failures": str(failed), "errors": str(errors), "time": f"{report.elapsed_s:.3f}"}
    root = Element("testsuites", {"name": NAME, **counts})
    suite = SubElement(root, "testsuite", {"name": NAME, **counts, "skipped": str(skipped)})
    _properties(suite, report)
    for result in report.clauses:
        _case(suite, report, result)
    if report.stopped:
        case = SubElement(suite, "testcase", {"classname": clean(report.target), "name": NAME})
        SubElement(case, "error", {"type": "stopped", "message": clean(report.stopped)})
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _properties(suite: Element, report: Report) -> None:
    told = {"target": report.target, "seed": report.seed, "examples": report.examples}
    if report.platform:
        told["platform"] = report.platform
    elif report.subject == "client":
        told["delivery"] = report.delivery
    if report.extent:
        told["extent"] = report.extent
    properties = SubElement(suite, "properties")
    for name, value in told.items():
        if value is not None:
            SubElement(properties, "property", {"name": name, "value": clean(str(value))})


def _case(suite: Element, report: Report, result: ClauseResult) -> None:
    case = SubElement(suite, "testcase", {"classname": clean(report.target), "name": clean(f"{result.code} {result.name}")})
    found = result.counterexample
    if result.ending in _FAILED:
        message = clean(result.words)
        failure = SubElement(case, "failure", {"type": clean(result.name), "message": message})
        failure.text = counterexample(report, result) if found is not None else message
    elif result.ending in _SKIPPED:
        words = _SKIPPED[result.ending] + (f": {result.words}" if result.words else "")
        SubElement(case, "skipped", {"message": clean(words)})
