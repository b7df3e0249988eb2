"""The kinds of report. A writer is imported when it is first used."""

from __future__ import annotations

from importlib import import_module

from contracts.errors import ContractsError
from contracts.report.model import Report

KINDS = ("har", "html", "json", "junit", "markdown", "text")
"""Each kind is the function `render` of the module of that name in this package."""

OF_DECLARED = ("issue",)
"""Kinds for declared platforms only."""

OF_WEB_CHAT = ("har",)
"""Kinds for the web chat only."""


def render(report: Report, kind: str) -> bytes:
    """Return the report as the content of a file of this kind."""
    if kind in OF_DECLARED:
        raise ContractsError(f"the report {kind} is only for declared platforms: add --platform")
    if kind in OF_WEB_CHAT and report.platform:
        raise ContractsError(f"the report {kind} is only for the web chat; take json or html for {report.platform}")
    assert kind in KINDS
    written = import_module(f"contracts.report.{kind}").render(report)
    return bytes(written) if isinstance(written, bytes) else str(written).encode("utf-8", "backslashreplace")
