"""The report as JSON, for programs. `report.schema.json` in this directory describes it."""

from __future__ import annotations

from importlib import resources
from typing import Any

import msgspec

from contracts.pages import page_of
from contracts.report.model import ClauseResult, Counterexample, Report
from contracts.report.places import course_of

SCHEMA_VERSION = 1
"""Raised if something that programs rely on changes. New fields alone do not raise it."""


def render(report: Report) -> bytes:
    """Return the report as indented JSON, ending with a newline."""
    return msgspec.json.format(msgspec.json.encode(document(report)), indent=2) + b"\n"


def document(report: Report) -> dict[str, Any]:
    """Return the report as plain values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "target": report.target,
        "seed": report.seed,
        "examples": report.examples,
        **({"walked": msgspec.to_builtins(report.walked)} if report.walked is not None else {}),
        "elapsed_s": round(report.elapsed_s, 3),
        **_terms(report),
        "clauses": [_clause(result, report) for result in report.clauses],
        **({"extent": report.extent} if report.extent else {}),
        **({"recording": msgspec.to_builtins(report.recording, str_keys=True)} if report.recording else {}),
        **({"removed": list(report.removed)} if report.removed else {}),
        **({"stays": list(report.stays)} if report.stays else {}),
        **({"unkept": list(report.unkept)} if report.unkept else {}),
        **({"inferred": report.inferred} if report.inferred else {}),
        **({"stopped": report.stopped} if report.stopped else {}),
        **({"real_time": report.real_time} if report.real_time else {}),
        **({"interrupted": True} if report.interrupted else {}),
    }


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the report."""
    raw = resources.files("contracts.report").joinpath("report.schema.json").read_bytes()
    return dict(msgspec.json.decode(raw))


def _terms(report: Report) -> dict[str, str]:
    if report.platform:
        return {"platform": report.platform}
    return {"delivery": report.delivery} if report.subject == "client" else {"subject": report.subject}


def _clause(result: ClauseResult, report: Report) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": result.code,
        "name": result.name,
        "status": str(result.status),
        "exercised": result.exercised,
    }
    if page := page_of(result.code):
        told["page"] = page
    demand = report.demand(result)
    if demand is not None and demand.source:
        told |= {"level": demand.level, "source": demand.source}
    if result.message:
        told["message"] = result.message
    if result.unjudged:
        told["unjudged"] = True
    if result.expected is not None:
        told["expected"] = msgspec.to_builtins(result.expected)
    if result.counterexample is not None:
        told["counterexample"] = _counterexample(result.counterexample)
    return told


def _inferred(found: Counterexample) -> list[dict[str, Any]] | None:
    """Return the inferred messages with the context ids of their requests; None if messages were not inferred."""
    if found.reading is None:
        return None
    units = enumerate(found.reading.units, start=1)
    return [{"message": number, "guest": unit.guest, "text": unit.text, "requests": unit.calls} for number, unit in units]


def _counterexample(found: Counterexample) -> dict[str, Any]:
    told = {
        "message": found.message,
        "evidence": found.evidence,
        "scenario": None if found.scenario is None else found.scenario.document(),
        "trace": course_of(found).document(),
        "confidence": {"replays": found.replays, "reproduced": found.reproduced},
        "shrunk_from": found.shrunk_from,
        "found_on": found.found_on,
        "minimal": found.minimal,
        "file": found.file,
        "output": found.output or None,
        "log": found.log or None,
        "times": found.times if found.times > 1 else None,
        "others": found.others or None,
        "inferred": _inferred(found),
    }
    return {name: msgspec.to_builtins(value) for name, value in told.items() if value is not None}
