"""The kinds of report. A writer is imported when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from contracts.errors import ContractsError

if TYPE_CHECKING:
    from contracts.report.model import Report

KINDS = ("allure", "har", "html", "json", "junit", "markdown", "sarif", "text")
"""Each kind is the function `render` of the module of that name in this package."""

DIRECTORIES = ("allure",)
"""Kinds that are several files in a directory; the others are one file."""

Written = bytes | Mapping[str, bytes]
"""The content of a file, or of the files in a directory by their names."""

OF_DECLARED = ("issue",)
"""Kinds for declared platforms only."""

OF_DEFAULT = ("har",)
"""Kinds for the platform that is served by default only, which is the web chat."""


def render(report: Report, kind: str) -> Written:
    """Return the report as the content of a file of this kind, or of a directory."""
    if kind in OF_DECLARED:
        raise ContractsError(f"the report {kind} is only for declared platforms: add --platform")
    if kind in OF_DEFAULT and report.platform:
        raise ContractsError(f"the report {kind} is only for the web chat; take json or html for {report.platform}")
    assert kind in KINDS
    written: str | Written = import_module(f"contracts.report.{kind}").render(report)
    return written.encode("utf-8", "backslashreplace") if isinstance(written, str) else written
