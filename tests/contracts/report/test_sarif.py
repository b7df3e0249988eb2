"""SARIF: a result at the client's code for each violated clause, valid by the standard's schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from contracts.report.kinds import render
from contracts.report.model import Report
from tests.contracts.report.stories import expected, hostile, raced, recorded, reused
from tests.functional.sdk.installed import sarif_schema

REPORTS = [reused, raced, hostile, recorded, expected]


def document(report: Report) -> dict[str, Any]:
    written = render(report, "sarif")
    assert isinstance(written, bytes)
    return dict(json.loads(written))


def results(report: Report) -> dict[str, dict[str, Any]]:
    (run,) = document(report)["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return {result["ruleId"]: result for result in run["results"]}


@pytest.mark.slow
@pytest.mark.parametrize("story", REPORTS)
def test_it_is_valid(story: Callable[[], Report]) -> None:
    schema = json.loads(sarif_schema().read_bytes())
    jsonschema.Draft4Validator(schema).validate(document(story()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(schema).validate({**document(story()), "version": "2"})


@pytest.mark.parametrize("story", REPORTS)
def test_a_result_is_a_clause_that_did_not_end_as_it_should(story: Callable[[], Report]) -> None:
    report = story()
    ended = {clause.code for clause in report.clauses if clause.ending in {"violated", "now_held", "expected"}}
    assert set(results(report)) == ended
    suppressed = {code for code, result in results(report).items() if "suppressions" in result}
    assert suppressed == {clause.code for clause in report.clauses if clause.ending == "expected"}


def test_a_result_is_at_the_clients_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tmp_path / "my clients" / "cached.py"
    client.parent.mkdir()
    client.write_text("import httpx\n\n\ndef make(platform): ...\n", "utf-8")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    result = results(replace(reused(), target=f"{client}:make"))["S1"]
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20clients/cached.py"},
        "region": {"startLine": 4},
    }
    assert result["message"]["text"] == "session-reused: session s1 was used twice"
    assert "smallest failing scenario" in result["properties"]["counterexample"]


def test_a_client_without_a_file_has_no_location() -> None:
    assert results(replace(reused(), target="http://127.0.0.1:8403"))["S1"]["locations"] == []
