"""The kinds of report. A writer is imported when it is first used."""

from __future__ import annotations

from importlib import import_module

from contracts.report.model import Report

KINDS = ("har", "html", "json", "junit", "markdown", "text")
"""Each kind is the function `render` of the module of that name in this package."""


def render(report: Report, kind: str) -> bytes:
    """Return the report as the content of a file of this kind."""
    assert kind in KINDS
    written = import_module(f"contracts.report.{kind}").render(report)
    return bytes(written) if isinstance(written, bytes) else str(written).encode("utf-8", "backslashreplace")
