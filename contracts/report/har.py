"""The report as HAR 1.2, for browser tools: each counterexample is a page, each request that reached the mock an entry."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from contracts.fold import fold
from contracts.har import Recording, archive
from contracts.history import Call
from contracts.judge import Evidence
from contracts.report.model import Counterexample, Report
from contracts.report.words import state_words
from contracts.trace import well_formed


def render(report: Report) -> bytes:
    """The report as indented JSON; ends with an end of line. Without a counterexample there is no entry in it."""
    return msgspec.json.format(msgspec.json.encode(archive(_recordings(report))), indent=2) + b"\n"


def _recordings(report: Report) -> list[Recording]:
    """A page for each trace: of a recording in which several clauses were broken there is one."""
    pages: list[Recording] = []
    for result in report.violated:
        found = result.counterexample
        if found is None:
            continue
        title = f"{result.code} {result.name}: {found.message}"
        same = next((place for place, page in enumerate(pages) if page.trace == found.trace), None)
        if same is None:
            pages.append(Recording(result.code, title, found.trace, _comments(found)))
        else:
            comments = _joined(pages[same].comments, _comments(found))
            pages[same] = pages[same]._replace(title=f"{pages[same].title}; {title}", comments=comments)
    return pages


def _joined(one: Mapping[int, str], other: Mapping[int, str]) -> dict[int, str]:
    """Both, where one says more than the other."""
    return {seq: text if text == other[seq] else f"{text}; {other[seq]}" for seq, text in one.items()}


def _comments(found: Counterexample) -> dict[int, str]:
    """For each request what it clashes with, and what became of its session."""
    history = fold(well_formed(found.trace))
    told = {call.seq: [*_marks(call, found.evidence), state_words(call, history)] for call in history.calls}
    return {seq: ", ".join(filter(None, words)) for seq, words in told.items()}


def _marks(call: Call, evidence: tuple[Evidence, ...]) -> list[str]:
    here = {call.seq, call.answer.seq if call.answer is not None else None}
    return [item.label for item in evidence if item.seq in here]
