"""The kinds of report. A writer is imported when it is first used."""

from __future__ import annotations

from importlib import import_module

from contracts.reproduce.results import Report

KINDS = ("json", "markdown", "text")
"""Each kind is the function `render` of the module of that name in this package."""


def render(report: Report, kind: str) -> bytes:
    """Return the report as the content of a file of this kind."""
    assert kind in KINDS
    return str(import_module(f"contracts.reproduce.{kind}").render(report)).encode("utf-8", "backslashreplace")
