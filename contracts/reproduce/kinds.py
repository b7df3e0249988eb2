"""The kinds of report there are. A writer is loaded when somebody asks for it."""

from __future__ import annotations

from importlib import import_module

from contracts.reproduce.results import Report

KINDS = ("json", "markdown", "text")
"""Each is `render` in the module of its name beside this one."""


def render(report: Report, kind: str) -> bytes:
    """The report as a file of this kind holds it."""
    assert kind in KINDS
    return str(import_module(f"contracts.reproduce.{kind}").render(report)).encode("utf-8", "backslashreplace")
