"""The report as results for Allure: a file for each clause, in a directory."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec

from contracts.judge import Status
from contracts.report.cells import clean
from contracts.report.model import ClauseResult, Ending, Report
from contracts.report.text import counterexample
from contracts.report.verdicts import VERDICTS

_STATUS = {
    Ending.VIOLATED: "failed",
    Ending.NOW_HELD: "failed",
    Ending.EXPECTED: "skipped",
    Ending.HELD: "passed",
    Ending.INCONCLUSIVE: "unknown",
    Ending.NOT_EXERCISED: "skipped",
}


def render(report: Report) -> dict[str, bytes]:
    """Return the files by their names. A second report of the same run has the same names."""
    stopped = ClauseResult(code="dayfly", name="stopped", status=Status.INCONCLUSIVE, message=report.stopped)
    shown = (*report.clauses, stopped) if report.stopped else report.clauses
    results = (_result(report, result) for result in shown)
    return {f"{result['uuid']}-result.json": msgspec.json.encode(result) for result in results}


def _result(report: Report, result: ClauseResult) -> dict[str, Any]:
    target, name = clean(report.target), clean(f"{result.code} {result.name}")
    case = f"{target} {name}"
    identity = sha256(case.encode("utf-8", "backslashreplace")).hexdigest()
    told: dict[str, Any] = {
        "uuid": str(uuid5(NAMESPACE_URL, f"{identity} {report.seed}")),
        "historyId": identity,
        "testCaseId": identity,
        "fullName": case,
        "name": name,
        "status": _STATUS[result.ending],
        "stage": "finished",
        "labels": [
            {"name": "framework", "value": "dayfly"},
            {"name": "parentSuite", "value": "dayfly"},
            {"name": "suite", "value": target},
        ],
        "parameters": [] if report.seed is None else [{"name": "seed", "value": str(report.seed), "excluded": True}],
    }
    demand = report.demand(result)
    if demand is not None:
        told["description"] = f"The {demand.subject} must {demand.statement}."
    if result.ending is not Ending.HELD:
        told["statusDetails"] = _details(report, result)
    return told


def _details(report: Report, result: ClauseResult) -> dict[str, Any]:
    words = f"{VERDICTS[result.ending].words}: {result.words}" if result.words else VERDICTS[result.ending].words
    details: dict[str, Any] = {"message": clean(words), "known": result.ending is Ending.EXPECTED}
    if result.ending is Ending.VIOLATED and result.counterexample is not None:
        details["trace"] = counterexample(report, result)
    return details
