"""The report as HAR: a page per counterexample, from which its trace is read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.clauses import judged
from contracts.har.reader import read
from contracts.judge import Evidence, Status
from contracts.report.har import render
from contracts.report.model import Report
from tests.contracts.report.stories import hostile, raced, recorded, reused


def log(report: Report) -> dict[str, Any]:
    return dict(json.loads(render(report))["log"])


@pytest.mark.parametrize("story", [reused, raced, hostile, recorded])
def test_the_trace_of_a_counterexample_is_judged_as_it_was(story: Callable[[], Report]) -> None:
    (result,) = story().violated
    assert result.counterexample is not None
    trace = read(render(story()))
    assert trace == list(result.counterexample.trace)
    assert judged(trace).of(result.code).status is Status.VIOLATED


def test_pages_are_counterexamples_and_comments_say_what_clashes() -> None:
    told = log(reused())
    assert [page["title"] for page in told["pages"]] == ["S1 session-reused: session s1 was used twice"]
    assert {entry["pageref"] for entry in told["entries"]} == {"S1"}
    assert [entry["comment"] for entry in told["entries"]] == [
        "t1 issued",
        "s1 created, idle limit 30 s, ttl 300 s",
        "first use, s1 active → consumed",
        "used again, session.consumed",
    ]


def test_several_counterexamples_are_several_pages() -> None:
    report = replace(reused(), clauses=(*reused().violated, *raced().violated))
    assert [page["id"] for page in log(report)["pages"]] == ["S1", "R5"]
    assert len(read(render(report), page="R5")) == len(read(render(raced())))


def test_clauses_broken_in_one_recording_share_its_page() -> None:
    (result,) = reused().violated
    assert result.counterexample is not None
    evidence = (Evidence("again", result.counterexample.evidence[-1].seq),)
    other = replace(result, code="X1", counterexample=replace(result.counterexample, message="more", evidence=evidence))
    told = log(replace(reused(), clauses=(result, other)))
    (page,) = told["pages"]
    assert page["title"] == "S1 session-reused: session s1 was used twice; X1 session-reused: more"
    assert told["entries"][3]["comment"] == "used again, again, session.consumed"


def test_without_a_counterexample_it_is_empty_and_valid() -> None:
    told = log(replace(reused(), clauses=()))
    assert (told["pages"], told["entries"]) == ([], [])
