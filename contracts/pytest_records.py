"""What tests keep of the clients they verify: for the summary at the end, and for JUnit. Plain values: workers hand them on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from contracts.report.model import Ending, Report
from contracts.report.verdicts import VERDICTS

ATTRIBUTE = "dayfly"
"""Of a test's report: a list of records."""

_records = pytest.StashKey[list[dict[str, Any]]]()


def keep(item: pytest.Item, report: Report) -> None:
    """Notes what a verification in this test found."""
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
    """What a job of GitHub Actions wants to have of a report; nothing elsewhere."""
    if not {"GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"} & os.environ.keys():
        return {}
    from contracts.report import github

    page = {"page": tuple(github.told(report))} if github.summary_page() is not None else {}
    return {**page, "annotations": github.annotations_of(report)}


def tell_github(reports: Iterable[Any]) -> Iterator[str]:
    """Write the summary page of a GitHub job, and yield the lines for its log. Workers leave it to their controller."""
    records = [record for _, record in _kept(reports)]
    if not any("annotations" in record for record in records):
        return
    from contracts.report import github

    page = github.summary_page()
    told = [github.Told(*record["page"]) for record in records if "page" in record]
    problem = github.summarize(told, page) if page is not None and told else ""
    yield from (line for record in records for line in record.get("annotations", ()))
    if problem:
        yield f"dayfly: {problem}"


def hand_on(item: pytest.Item, report: pytest.TestReport) -> None:
    """Puts the records of a test on its report."""
    if report.when == "call" and _records in item.stash:
        setattr(report, ATTRIBUTE, item.stash[_records])


def lines(reports: Iterable[Any]) -> Iterator[str]:
    """A line for each verification, in the order of the tests' names."""
    for nodeid, record in _kept(reports):
        runs = f"{record['examples']} run{'' if record['examples'] == 1 else 's'}"
        seed = "" if record["seed"] is None else f", seed {record['seed']}"
        yield f"{nodeid}: {record['target']}, {runs}{seed}: {' · '.join(_counts(record['ended']))}"


def _kept(reports: Iterable[Any]) -> list[tuple[str, dict[str, Any]]]:
    """All records with the test each is of, in the order of the tests' names."""
    kept = [(report.nodeid, record) for report in reports for record in getattr(report, ATTRIBUTE, ())]
    return sorted(kept, key=lambda one: one[0])


def _counts(ended: Mapping[str, list[str]]) -> Iterator[str]:
    """How many clauses ended how; those that did not just hold by name."""
    for ending, verdict in VERDICTS.items():
        codes = ended[ending.value]
        if codes:
            named = "" if ending is Ending.HELD else f" ({', '.join(codes)})"
            yield f"{len(codes)} {verdict.words}{named}"
