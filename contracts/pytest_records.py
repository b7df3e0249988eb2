"""Results of the clients that tests verify, for the summary and for JUnit. They are plain values, so that workers can send
them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from contracts.report.model import Ending, Report
from contracts.report.verdicts import VERDICTS

ATTRIBUTE = "dayfly"
"""The attribute of a test's report with its list of records."""

_records = pytest.StashKey[list[dict[str, Any]]]()


def keep(item: pytest.Item, report: Report) -> None:
    """Record the result of a verification in this test."""
    ended = {ending.value: [result.code for result in report.with_ending(ending)] for ending in Ending}
    record: dict[str, Any] = {"target": report.target, "seed": report.seed, "examples": report.examples, "ended": ended}
    record |= _for_github(report)
    item.stash.setdefault(_records, []).append(record)
    item.user_properties += [
        ("dayfly_target", report.target),
        *([] if report.seed is None else [("dayfly_seed", report.seed)]),
        ("dayfly_examples", report.examples),
        ("dayfly_violated", " ".join(ended[Ending.VIOLATED.value])),
    ]


def _for_github(report: Report) -> dict[str, Any]:
    """Return what GitHub Actions needs of a report; nothing outside of a job."""
    if not {"GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"} & os.environ.keys():
        return {}
    from contracts.report import github

    page = {"page": tuple(github.told(report))} if github.summary_page() is not None else {}
    return {**page, "annotations": github.annotations_of(report)}


def tell_github(reports: Iterable[Any]) -> Iterator[str]:
    """Write the summary page of a GitHub job, and yield the lines for its log. Workers leave that to their controller."""
    records = [record for _, record in _kept(reports)]
    if not any("annotations" in record for record in records):
        return
    from contracts.report import github

    page = github.summary_page()
    told = [github.SummaryPage(*record["page"]) for record in records if "page" in record]
    problem = github.summarize(told, page) if page is not None and told else ""
    yield from (line for record in records for line in record.get("annotations", ()))
    if problem:
        yield f"dayfly: {problem}"


def hand_on(item: pytest.Item, report: pytest.TestReport) -> None:
    """Put the records of a test on its report."""
    if report.when == "call" and _records in item.stash:
        setattr(report, ATTRIBUTE, item.stash[_records])


def lines(reports: Iterable[Any]) -> Iterator[str]:
    """Yield a line for each verification, in the order of the tests' names."""
    for nodeid, record in _kept(reports):
        runs = f"{record['examples']} run{'' if record['examples'] == 1 else 's'}"
        seed = "" if record["seed"] is None else f", seed {record['seed']}"
        yield f"{nodeid}: {record['target']}, {runs}{seed}: {' · '.join(_counts(record['ended']))}"


def _kept(reports: Iterable[Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return all records with their tests, in the order of the tests' names."""
    kept = [(report.nodeid, record) for report in reports for record in getattr(report, ATTRIBUTE, ())]
    return sorted(kept, key=lambda one: one[0])


def _counts(ended: Mapping[str, list[str]]) -> Iterator[str]:
    """Count the clauses by ending. Clauses that did not just hold are named."""
    for ending, verdict in VERDICTS.items():
        codes = ended[ending.value]
        if codes:
            named = "" if ending is Ending.HELD else f" ({', '.join(codes)})"
            yield f"{len(codes)} {verdict.words}{named}"
