"""The report in SARIF 2.1.0, for services that show findings beside the code: a result for each violated clause."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import quote

import msgspec

from contracts.judge import Requirement
from contracts.pages import page_of
from contracts.report.annotations import SourceLine, place_of, workspace
from contracts.report.cells import clean
from contracts.report.model import ClauseResult, Ending, Report
from contracts.report.text import counterexample

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_SHOWN = {Ending.VIOLATED, Ending.NOW_HELD, Ending.EXPECTED}


def render(report: Report) -> bytes:
    """Return the report as indented JSON, ending with a newline. Files are named from the root of the checkout."""
    shown = [result for result in report.clauses if result.ending in _SHOWN]
    problem = {"level": "error", "message": {"text": clean(report.stopped)}}
    run = {
        "tool": {"driver": {"name": "dayfly", "rules": [_rule(result, report.demand(result)) for result in shown]}},
        "invocations": [
            {
                "executionSuccessful": not report.interrupted and not report.stopped,
                "toolExecutionNotifications": [problem] if report.stopped else [],
            }
        ],
        "results": [_result(report, result, index) for index, result in enumerate(shown)],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _rule(result: ClauseResult, clause: Requirement | None) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": result.code, "name": clean(result.name)}
    if clause is not None:
        rule["shortDescription"] = {"text": clean(f"Must {clause.statement}.")}
        told = {"fullDescription": clause.reason, "help": " ".join(clause.advice)}
        rule |= {name: {"text": clean(text)} for name, text in told.items() if text}
    if page := page_of(result.code):
        rule["helpUri"] = page
    return rule


def _result(report: Report, result: ClauseResult, index: int) -> dict[str, Any]:
    identity = sha256(f"{report.target} {result.code}".encode("utf-8", "backslashreplace")).hexdigest()
    told: dict[str, Any] = {
        "ruleId": result.code,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": clean(f"{result.name}: {result.words}")},
        "locations": _locations(place_of(report, result)),
        "partialFingerprints": {"target/v1": identity},
    }
    if result.expected is not None and result.ending is Ending.EXPECTED:
        told["suppressions"] = [{"kind": "external", "justification": clean(result.expected.reason)}]
    if result.counterexample is not None:
        told["properties"] = {"counterexample": counterexample(report, result)}
    return told


def _locations(found: SourceLine | None) -> list[dict[str, Any]]:
    """Return the client's place as GitHub wants it: a path from the root of the repository; none without a file."""
    if found is None:
        return []
    file, root = found.file.resolve(), workspace().resolve()
    uri = quote(file.relative_to(root).as_posix()) if file.is_relative_to(root) else file.as_uri()
    return [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": found.line}}}]
