"""Output for jobs of GitHub Actions: the report on the summary page, and annotations beside the client's code."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from contracts.report import markdown
from contracts.report.annotations import SourceLine, annotate, error, workspace
from contracts.report.model import Report

MOST_BYTES = 1 << 20
"""Most bytes of a step's summary. GitHub shows none of a larger one."""

OFF = frozenset({"0", "false", "no", "off"})
"""Values of DAYFLY_GITHUB that switch both off."""


class SummaryPage(NamedTuple):
    """A report for a summary page: `full`, and `short` for a page with little room left."""

    full: str
    short: str


def is_wanted() -> bool:
    """Return whether output for GitHub is on, which is so unless DAYFLY_GITHUB switches it off."""
    return os.environ.get("DAYFLY_GITHUB", "").strip().lower() not in OFF


def summary_page() -> Path | None:
    """Return the file of this step's summary; None outside of a job, or if it is switched off."""
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    return Path(page) if page and is_wanted() else None


def told(report: Report) -> SummaryPage:
    """Render the report for a summary page."""
    return SummaryPage(markdown.render(report), markdown.overview(report))


def summarize(reports: Iterable[SummaryPage], page: Path) -> str:
    """Append reports to a summary page, each as far as there is room. Return why that failed, or ""."""
    try:
        room = MOST_BYTES - (page.stat().st_size if page.exists() else 0)
        with page.open("ab") as file:
            for report in reports:
                written = next((text for text in (report.full, report.short) if len(text.encode()) + 1 <= room), "")
                if written:
                    room -= file.write(written.encode() + b"\n")
    except OSError as error:
        return f"the summary page {page} cannot be written: {error.strerror or error}"
    return ""


def annotations_of(report: Report) -> list[str]:
    """Return lines for GitHub's runner, if it reads the output and something failed."""
    return annotate(report, workspace()) if _is_read() and report.failed else []


def annotation_of(problem: str, line: tuple[str, int] | None = None) -> list[str]:
    """Return the line for GitHub's runner, if it reads the output, that says why a command could not do its job.

    It stands at a file and a `line` of the client, if they are known.
    """
    place = None if line is None else SourceLine(Path(line[0]), line[1])
    return [error(problem.split("\n"), place, workspace())] if _is_read() else []


def _is_read() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true" and is_wanted()
