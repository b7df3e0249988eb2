"""The report as JUnit XML, for CI systems: a test case for each clause, structured as Jenkins' schema junit-10 wants it."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from contracts.judge import Status
from contracts.report.cells import clean
from contracts.report.model import ClauseResult, Report
from contracts.report.text import counterexample

NAME = "dayfly"

_SKIPPED = {Status.NOT_EXERCISED: "not exercised", Status.INCONCLUSIVE: "inconclusive"}


def render(report: Report) -> bytes:
    """The report as an XML document in UTF-8. What XML cannot hold is escaped as Python would."""
    failed = len(report.violated)
    skipped = sum(result.status in _SKIPPED for result in report.clauses)
    counts = {"tests": str(len(report.clauses)), "failures": str(failed), "errors": "0", "time": f"{report.elapsed_s:.3f}"}
    root = Element("testsuites", {"name": NAME, **counts})
    suite = SubElement(root, "testsuite", {"name": NAME, **counts, "skipped": str(skipped)})
    _properties(suite, report)
    for result in report.clauses:
        _case(suite, report, result)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _properties(suite: Element, report: Report) -> None:
    told = {"target": report.target, "seed": report.seed, "examples": report.examples}
    if report.subject == "client":
        told["delivery"] = report.delivery
    properties = SubElement(suite, "properties")
    for name, value in told.items():
        if value is not None:
            SubElement(properties, "property", {"name": name, "value": clean(str(value))})


def _case(suite: Element, report: Report, result: ClauseResult) -> None:
    case = SubElement(suite, "testcase", {"classname": clean(report.target), "name": clean(f"{result.code} {result.name}")})
    found = result.counterexample
    if result.status is Status.VIOLATED:
        message = clean(found.message if found is not None else result.message)
        failure = SubElement(case, "failure", {"type": clean(result.name), "message": message})
        failure.text = counterexample(report, result) if found is not None else message
    elif result.status in _SKIPPED:
        words = _SKIPPED[result.status] + (f": {result.message}" if result.message else "")
        SubElement(case, "skipped", {"message": clean(words)})
