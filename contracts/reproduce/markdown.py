"""The report for a ticket, or the summary page of a CI job."""

from __future__ import annotations

import re

from contracts.report.cells import clean
from contracts.reproduce.results import Report
from contracts.reproduce.text import render as as_text
from contracts.reproduce.words import explained, verdict

_FENCE = re.compile(r"`{3,}")
_TICKS = re.compile(r"`+")


def render(report: Report) -> str:
    """Return the verdict, and below it the report as on a terminal; nothing in it is markup."""
    story = as_text(report)
    fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(story)), default=0))
    summary = " ".join([verdict(report), *explained(report)])
    return f"## {_code(report.source)}\n\n{summary}\n\n{fence}text\n{story}{fence}\n"


def _code(text: str) -> str:
    """Render a name as code, whatever backticks it has."""
    ticks = "`" * (1 + max(map(len, _TICKS.findall(text)), default=0))
    return f"{ticks} {clean(text)} {ticks}" if len(ticks) > 1 else f"`{clean(text)}`"
