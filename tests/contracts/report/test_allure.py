"""Results for Allure: a file for each clause, with the fields that Allure's own adapters write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allure_commons import model2

from contracts.cli import run
from contracts.report.kinds import render
from contracts.report.model import Report
from tests.contracts.report.stories import expected, hostile, raced, recorded, reused

CLIENTS = Path(__file__).parents[3] / "fixtures" / "clients"


def results(report: Report) -> dict[str, dict[str, Any]]:
    """The results by the codes of their clauses."""
    files = render(report, "allure")
    assert not isinstance(files, bytes)
    read = {name: json.loads(content) for name, content in files.items()}
    assert all(name == f"{result['uuid']}-result.json" for name, result in read.items())
    return {result["name"].split()[0]: result for result in read.values()}


@pytest.mark.parametrize("story", [reused, raced, hostile, recorded, expected])
def test_it_has_allures_own_fields_and_no_others(story: Callable[[], Report]) -> None:
    report = story()
    found = results(report)
    assert len(found) == len(report.clauses)
    for result in found.values():
        model2.TestResult(**result)
        model2.StatusDetails(**result.get("statusDetails", {}))
        assert result["status"] in vars(model2.Status).values()
        assert all(model2.Label(**label).value for label in result["labels"])
        assert all(model2.Parameter(**parameter).value for parameter in result["parameters"])


def test_a_violated_clause_fails_with_its_story() -> None:
    found = results(reused())
    details = found["S1"]["statusDetails"]
    assert found["S1"]["status"] == model2.Status.FAILED
    assert details["message"] == "violated: session s1 was used twice"
    assert "smallest failing scenario" in details["trace"]
    assert {code for code, result in found.items() if result["status"] == model2.Status.FAILED} == {"S1"}
    assert "statusDetails" not in found["S6"]


def test_an_expected_failure_is_known() -> None:
    known = [result for result in results(expected()).values() if result.get("statusDetails", {}).get("known")]
    assert known
    assert all(result["status"] == model2.Status.SKIPPED for result in known)


def test_the_history_of_a_clause_goes_on_in_the_next_run() -> None:
    first, second = results(reused()), results(raced())
    assert first["S1"]["historyId"] == second["S1"]["historyId"] != first["S2"]["historyId"]


def test_the_command_fills_a_directory(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "allure-results"
    client = f"{CLIENTS / 'recovering.py'}:factory"
    assert run(["verify", client, "--examples", "1", "--walk", "off", "--report", f"allure:{folder}"]) == 0
    assert {json.loads(file.read_bytes())["status"] for file in folder.glob("*-result.json")} <= {"passed", "skipped"}


@pytest.mark.parametrize("path", ["-", "a_file"])
def test_it_needs_a_directory(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a_file").touch()
    assert run(["verify", "some.py:factory", "--report", f"allure:{path}"]) == 2
    assert "the report allure is several files; name a directory for them" in capsys.readouterr().err
