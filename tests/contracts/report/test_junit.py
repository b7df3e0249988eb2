"""JUnit XML: one test case per clause, in the structure CI systems read, whatever characters a client sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from msgspec.structs import replace

from contracts.clauses import CLAUSES
from contracts.judge import Status
from contracts.report.junit import render
from contracts.report.model import Report
from tests.contracts.report.stories import expected, hostile, raced, recorded, reused

REPORTS = [reused, raced, hostile, recorded, expected]

# Jenkins' schema junit-10: required attributes, optional attributes, and the elements allowed inside.
ALLOWED: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "file"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name"}, {"time", "classname", "group"}, {"skipped", "failure", "error", "system-out", "system-err"}),
    "failure": (set(), {"type", "message"}, set()),
    "skipped": (set(), {"type", "message"}, set()),
}


def read(report: Report) -> Element:
    return ElementTree.fromstring(render(report))


def cases(report: Report) -> dict[str, Element]:
    return {case.attrib["name"].split()[0]: case for case in read(report).iter("testcase")}


@pytest.mark.parametrize("story", REPORTS)
def test_the_structure_is_the_usual_one(story: Callable[[], Report]) -> None:
    for element in read(story()).iter():
        required, optional, children = ALLOWED[element.tag]
        assert required <= set(element.attrib) <= required | optional
        assert {child.tag for child in element} <= children
    assert re.fullmatch(r"\d+\.\d*", read(story()).attrib["time"])


def test_the_counts_are_those_of_the_cases() -> None:
    root = read(reused())
    (suite,) = root
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == (f"{len(CLAUSES)}", "1", "0")
    assert int(suite.attrib["skipped"]) == len(list(root.iter("skipped")))
    assert len(list(root.iter("failure"))) == 1


def test_a_run_that_was_stopped_has_an_error() -> None:
    root = read(replace(reused(), clauses=(), examples=0, stopped="the factory raised ValueError: no"))
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("1", "0", "1")
    assert [error.attrib["message"] for error in root.iter("error")] == ["the factory raised ValueError: no"]


def test_each_clause_is_a_case() -> None:
    names = [case.attrib["name"] for case in read(reused()).iter("testcase")]
    assert names == [f"{clause.code} {clause.name}" for clause in CLAUSES]
    assert {case.attrib["classname"] for case in read(reused()).iter("testcase")} == {"clients/cached.py:make"}


def test_a_failure_tells_the_whole_story() -> None:
    (failure,) = cases(reused())["S1"]
    assert failure.attrib == {"type": "session-reused", "message": "session s1 was used twice"}
    assert "what reached the mock" in (failure.text or "")
    assert "dayfly replay corpus/S1-3f2a91bc.json" in (failure.text or "")


def test_what_was_not_decided_is_skipped_and_told_why() -> None:
    told = cases(reused())
    assert [child.attrib for child in told["S3"]] == [{"message": "not exercised"}]
    inconclusive = next(case for case in reused().clauses if case.status is Status.INCONCLUSIVE)
    (skipped,) = told[inconclusive.code]
    assert skipped.attrib["message"].startswith("inconclusive: ")
    assert list(told["S4"]) == []


def test_properties_say_what_was_done() -> None:
    found = {one.attrib["name"]: one.attrib["value"] for one in read(reused()).iter("property")}
    assert found == {"target": "clients/cached.py:make", "seed": "7", "examples": "38", "delivery": "at-most-once"}
    provider = {one.attrib["name"] for one in read(replace(reused(), subject="provider")).iter("property")}
    assert provider == {"target", "seed", "examples"}
    assert "seed" not in {one.attrib["name"] for one in read(replace(reused(), seed=None)).iter("property")}
    of_har = {one.attrib["name"]: one.attrib["value"] for one in read(recorded()).iter("property")}
    assert of_har["extent"] == "read as requests to the platform: 5 of its 9 entries"


CHARACTERS = ["\x00\x08\x0b\x1f\x7f", "\ud800 \udfff", "\ufffe\uffff", "]]><!-- & \" ' <a>", "\r\n\t", "\U0001f44b"]


@pytest.mark.parametrize("text", CHARACTERS)
def test_any_characters_make_valid_xml(text: str) -> None:
    report = reused()
    (result,) = report.violated
    assert result.counterexample is not None
    spoilt = replace(result, name=text, counterexample=replace(result.counterexample, message=text, output=text))
    report = replace(report, target=text, clauses=(spoilt, replace(report.clauses[1], message=text)))
    root = read(report)
    assert len(list(root.iter("failure"))) == 1
    render(report).decode("utf-8")


def test_what_is_known_is_skipped_and_what_no_longer_fails_fails() -> None:
    told = cases(expected())
    assert [(child.tag, child.attrib) for child in told["S1"]] == [
        ("skipped", {"message": "expected failure: the cache goes with release 14"})
    ]
    (failure,) = told["S4"]
    assert failure.attrib["message"] == "no longer fails: take it out of known.toml"
    assert read(expected()).attrib["failures"] == "1"
