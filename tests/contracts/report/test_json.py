"""The JSON report: as its schema says, and with all that programs need to run the counterexample again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from contracts import scenario
from contracts.clauses import judged
from contracts.report import json
from contracts.report.model import Report
from mockserver.journal import decode
from tests.contracts.report.stories import expected, hostile, raced, recorded, reused

REPORTS = [reused, raced, hostile, recorded, expected]
VALIDATOR = Draft202012Validator(json.schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)


def read(report: Report) -> dict[str, Any]:
    return dict(msgspec.json.decode(json.render(report)))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.schema())


@pytest.mark.parametrize("story", REPORTS)
def test_reports_satisfy_the_schema(story: Callable[[], Report]) -> None:
    assert list(VALIDATOR.iter_errors(read(story()))) == []


@pytest.mark.parametrize(
    "spoil",
    [
        {"schema_version": 2},
        {"target": None},
        {"seed": "7"},
        {"delivery": "exactly-once"},
        {"clauses": [{"code": "S1"}]},
        {"clauses": [{"code": "S1", "name": "x", "status": "fine", "exercised": 1}]},
        {
            "clauses": [
                {
                    "code": "S1",
                    "name": "x",
                    "status": "held",
                    "exercised": 1,
                    "counterexample": {
                        "message": "",
                        "trace": [],
                        "evidence": [],
                        "confidence": {"replays": 1, "reproduced": 1},
                    },
                }
            ]
        },
    ],
)
def test_the_schema_refuses_what_is_no_report(spoil: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(read(reused()) | spoil))


def test_the_fields_that_scripts_rely_on_are_there() -> None:
    told = read(reused())
    assert {"schema_version", "target", "seed", "examples", "elapsed_s", "delivery", "clauses"} == set(told)
    broken = next(clause for clause in told["clauses"] if clause["status"] == "violated")
    assert (broken["code"], broken["name"], broken["exercised"]) == ("S1", "session-reused", 38)
    assert broken["counterexample"]["message"] == "session s1 was used twice"
    assert broken["counterexample"]["confidence"] == {"replays": 10, "reproduced": 10}
    assert broken["counterexample"]["file"] == "corpus/S1-3f2a91bc.json"


def test_the_counterexample_is_a_scenario_and_a_trace_that_can_be_used_again() -> None:
    broken = next(clause for clause in read(reused())["clauses"] if "counterexample" in clause)["counterexample"]
    assert scenario.decode(msgspec.json.encode(broken["scenario"])).intents == 2
    entries = [decode(msgspec.json.encode(entry)) for entry in broken["trace"]]
    assert next(verdict.code for verdict in judged(entries).violated) == "S1"


def test_what_is_not_known_is_left_out() -> None:
    broken = next(clause for clause in read(recorded())["clauses"] if "counterexample" in clause)["counterexample"]
    assert set(broken) == {"message", "evidence", "trace", "confidence"}


def test_the_schema_travels_with_the_package() -> None:
    assert (Path(json.__file__).parent / "report.schema.json").is_file()


def test_what_was_expected_is_told_with_its_counterexample() -> None:
    told = {clause["code"]: clause for clause in read(expected())["clauses"]}
    assert told["S1"]["expected"] == {"reason": "the cache goes with release 14", "source": "known.toml", "strict": True}
    assert told["S1"]["status"] == "violated"
    assert "counterexample" in told["S1"]
    assert "expected" not in told["S2"]
    assert read(expected())["removed"] == ["corpus/S1-00112233.json"]
