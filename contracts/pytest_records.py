"""What tests keep of the clients they verify: for the summary at the end, and for JUnit. Plain values: workers hand them on."""

from __future__ import annotations

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
    record = {"target": report.target, "seed": report.seed, "examples": report.examples, "ended": ended}
    item.stash.setdefault(_records, []).append(record)
    item.user_properties += [
        ("dayfly_target", report.target),
        *([] if report.seed is None else [("dayfly_seed", report.seed)]),
        ("dayfly_examples", report.examples),
        ("dayfly_violated", " ".join(ended[Ending.VIOLATED.value])),
    ]


def hand_on(item: pytest.Item, report: pytest.TestReport) -> None:
    """Puts the records of a test on its report."""
    if report.when == "call" and _records in item.stash:
        setattr(report, ATTRIBUTE, item.stash[_records])


def lines(reports: Iterable[Any]) -> Iterator[str]:
    """A line for each verification, in the order of the tests' names."""
    kept = [(report.nodeid, record) for report in reports for record in getattr(report, ATTRIBUTE, ())]
    for nodeid, record in sorted(kept, key=lambda one: one[0]):
        runs = f"{record['examples']} run{'' if record['examples'] == 1 else 's'}"
        seed = "" if record["seed"] is None else f", seed {record['seed']}"
        yield f"{nodeid}: {record['target']}, {runs}{seed}: {' · '.join(_counts(record['ended']))}"


def _counts(ended: Mapping[str, list[str]]) -> Iterator[str]:
    """How many clauses ended how; those that did not just hold by name."""
    for ending, verdict in VERDICTS.items():
        codes = ended[ending.value]
        if codes:
            named = "" if ending is Ending.HELD else f" ({', '.join(codes)})"
            yield f"{len(codes)} {verdict.words}{named}"
