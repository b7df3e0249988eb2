"""The kinds of report there are. A writer is loaded when somebody asks for it."""

from __future__ import annotations

from importlib import import_module

from contracts.errors import ContractsError
from contracts.report.model import Report

KINDS = ("har", "html", "json", "junit", "markdown", "text")
"""Each is `render` in the module of its name beside this one."""

OF_DECLARED = ("issue",)
"""Kinds that there are for declared platforms alone."""


def render(report: Report, kind: str) -> bytes:
    """The report as a file of this kind holds it."""
    if kind in OF_DECLARED:
        raise ContractsError(f"the report {kind} is for declared platforms: name one with --platform")
    assert kind in KINDS
    written = import_module(f"contracts.report.{kind}").render(report)
    return bytes(written) if isinstance(written, bytes) else str(written).encode("utf-8", "backslashreplace")
