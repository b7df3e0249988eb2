"""The inferred policy as a file for `dayfly serve --policy`, with undetermined values as comments."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

import msgspec

from contracts.report.cells import clean
from contracts.report.facts import counted
from contracts.reproduce.results import Finding, Report
from contracts.reproduce.words import UNDETERMINED, span_words
from mockserver.settings import POLICY_FIELDS

WIDTH = 100


def render(report: Report) -> str:
    """Return the content of the file."""
    return "\n".join([*_head(report), *(line for name in POLICY_FIELDS for line in _value(name, report))]) + "\n"


def _head(report: Report) -> Iterator[str]:
    requests = counted(len(report.results), "request")
    yield from _comment(f"Inferred from {report.source}: {report.kind}, {requests}, times to {report.resolution} ms.")
    yield from _comment("To enforce it: dayfly serve --policy FILE. Times are seconds.")
    for note in report.inference.notes:
        yield from _comment(f"Note: {note}.")


def _value(name: str, report: Report) -> Iterator[str]:
    finding = next((finding for finding in report.inference.findings if finding.name == name), None)
    fitting, enforced = report.inference.policy[name], report.policy[name]
    yield ""
    yield from _comment(_known(finding, report))
    if finding is not None and finding.determined:
        yield f"{name} = {_toml(finding.value)}"
    elif fitting != enforced:
        yield from _comment(f"The enforced value, {_toml(enforced)}, does not fit; this does:")
        yield f"{name} = {_toml(fitting)}"
    else:
        yield f"# {name} = {_toml(fitting)}"


def _known(finding: Finding | None, report: Report) -> str:
    return UNDETERMINED if finding is None else span_words(finding, report.unit)


def _comment(text: str) -> list[str]:
    return wrap(clean(text), WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _toml(value: object) -> str:
    if value is None:
        return '"off"'
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return msgspec.json.encode(value).decode()
