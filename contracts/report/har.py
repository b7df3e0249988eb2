"""The report as HAR 1.2, for browser tools: each counterexample is a page, each request that reached the mock an entry."""

from __future__ import annotations

import msgspec

from contracts.har.writer import HarRecording, archive
from contracts.history.build import build_history
from contracts.history.validate import well_formed
from contracts.judge import Evidence
from contracts.report.model import ClauseResult, Report
from contracts.report.words import state_words
from mockserver.journal import Entry


def render(report: Report) -> bytes:
    """Return the report as indented JSON, ending with a newline. Without a counterexample it is empty."""
    return msgspec.json.format(msgspec.json.encode(archive(_recordings(report))), indent=2) + b"\n"


def _recordings(report: Report) -> list[HarRecording]:
    """Return a page for each trace. Clauses that were violated in the same recording share one."""
    groups: list[list[ClauseResult]] = []
    for result in report.violated:
        if result.counterexample is not None:
            group = next((group for group in groups if _trace(group) == result.counterexample.trace), None)
            if group is None:
                groups.append([result])
            else:
                group.append(result)
    return [_recording(group) for group in groups]


def _trace(group: list[ClauseResult]) -> tuple[Entry, ...]:
    found = group[0].counterexample
    return found.trace if found is not None else ()


def _recording(group: list[ClauseResult]) -> HarRecording:
    found = [result.counterexample for result in group if result.counterexample is not None]
    title = "; ".join(f"{result.code} {result.name}: {one.message}" for result, one in zip(group, found, strict=True))
    evidence = [item for one in found for item in one.evidence]
    return HarRecording(group[0].code, title, _trace(group), _comments(_trace(group), evidence))


def _comments(trace: tuple[Entry, ...], evidence: list[Evidence]) -> dict[int, str]:
    """Return a comment for each request: the evidence that points to it, and its effect on its session."""
    history = build_history(well_formed(trace))
    told = {
        call.seq: [*(item.label for item in evidence if item.seq in call.seqs), state_words(call, history)]
        for call in history.calls
    }
    return {seq: ", ".join(dict.fromkeys(filter(None, words))) for seq, words in told.items()}
