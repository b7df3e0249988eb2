"""The Markdown summary: for the page of a CI job, with the stories folded and nothing of a client's as markup."""

from __future__ import annotations

import re

from msgspec.structs import replace

from contracts.report.markdown import render
from contracts.report.model import ClauseResult, Report
from tests.contracts.report.stories import expected, recorded, reused


def spoilt(message: str) -> Report:
    """A report whose texts are all `message`."""
    report = reused()
    (result,) = report.violated
    assert result.counterexample is not None
    found = replace(result, counterexample=replace(result.counterexample, message=message, output=message))
    return replace(
        report, clauses=(found, ClauseResult(code="S2", name=message, status=report.clauses[1].status, message=message))
    )


def test_the_verdict_comes_first() -> None:
    lines = render(reused()).splitlines()
    assert lines[0] == "## `clients/cached.py:make` ❌ breaks the contract"
    assert lines[2].startswith("1 violated · ")
    assert lines[2].endswith("38 runs · seed 7 · at-most-once · 1.2 s")


def test_what_was_violated_stands_in_a_table_and_is_told_in_full() -> None:
    told = render(reused())
    assert "| S1 session\\-reused | ❌ violated | 38 | session s1 was used twice (\\#3, \\#4, s1) |\n" in told
    assert "<summary>S1 session-reused: session s1 was used twice</summary>" in told
    assert "```text\nerror[S1] session-reused: session s1 was used twice\n" in told
    assert told.count("<details") == told.count("</details>") == 2


def test_all_well_and_nothing_tested_are_told_apart() -> None:
    report = reused()
    held = tuple(result for result in report.clauses if result not in report.violated)
    assert "✅ keeps the contract" in render(replace(report, clauses=held))
    assert "<summary>All clauses</summary>" in render(replace(report, clauses=held))
    assert "<summary>The other clauses</summary>" in render(report)
    assert "was not put to the test by the contract" in render(replace(report, clauses=()))


def test_a_recording_has_no_seed() -> None:
    assert "seed" not in render(replace(recorded(), seed=None)).split("<details")[0]


def test_texts_stay_texts() -> None:
    told = render(spoilt("| `a` <img src=x> **b** [c](d) \n# e ```"))
    table = next(line for line in told.splitlines() if line.startswith("| S1"))
    assert len(re.findall(r"(?<!\\)\|", table)) == 5
    assert "<img" not in table.replace("\\<img", "")
    assert "&lt;img src=x&gt;" in told


def test_no_fence_is_closed_from_within() -> None:
    told = render(spoilt("x\n````\n<script>alert(1)</script>"))
    (fence,) = re.findall(r"^(`{3,})text$", told, re.MULTILINE)
    inside = told.split(f"{fence}text\n")[1].split(f"\n{fence}\n")[0]
    assert fence not in inside
    assert "explain     dayfly explain S1" in inside


def test_a_target_with_backticks_is_code_all_the_same() -> None:
    assert render(replace(reused(), target="sh -c `x`")).startswith("## `` sh -c `x` `` ")


def test_what_was_expected_is_told_apart() -> None:
    told = render(expected())
    assert "❗ keeps more than expected of the contract" in told
    assert (
        "| S4 session\\-invented | ❗ now held | 38 | no longer fails: take it out of known.toml |" in told.split("<details")[0]
    )
    assert "| S1 session\\-reused | ☑️ expected | 38 | the cache goes with release 14 |" in told.split("<details")[1]
    known = tuple(result for result in expected().clauses if result.code != "S4")
    assert "☑️ breaks, as expected, the contract" in render(replace(expected(), clauses=known))
