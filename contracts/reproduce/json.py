"""The report for programs."""

from __future__ import annotations

from typing import Any

import msgspec

from contracts.reproduce.results import Report

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """Return one JSON object: the report's fields, `agrees` and `schema_version`."""
    shown: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "agrees": not report.differing,
        **msgspec.to_builtins(report),
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode() + "\n"
