"""The report as a file: for programs, for a ticket, as on a terminal, and the inferred policy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from textwrap import wrap
from typing import Any

import msgspec

from contracts.replay import text
from contracts.replay.results import ReproductionReport
from contracts.replay.words import UNDETERMINED, explained, span_words, verdict
from contracts.report.cells import clean
from contracts.report.facts import counted
from mockserver.settings import POLICY_FIELDS

SCHEMA_VERSION = 1

WIDTH = 100
"""Columns of a comment in a policy file."""

_FENCE = re.compile(r"`{3,}")
_TICKS = re.compile(r"`+")


def as_json(report: ReproductionReport) -> str:
    """Return one JSON object: the report's fields, `agrees` and `schema_version`."""
    shown: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "agrees": not report.differing,
        **msgspec.to_builtins(report),
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode() + "\n"


def markdown(report: ReproductionReport) -> str:
    """Return the verdict, and below it the report as on a terminal; nothing in it is markup."""
    story = text.render(report)
    fence = "`" * max(3, 1 + max(map(len, _FENCE.findall(story)), default=0))
    summary = " ".join([verdict(report), *explained(report)])
    return f"## {_code(report.source)}\n\n{summary}\n\n{fence}text\n{story}{fence}\n"


def _code(text: str) -> str:
    """Render a name as code, whatever backticks it has."""
    ticks = "`" * (1 + max(map(len, _TICKS.findall(text)), default=0))
    return f"{ticks} {clean(text)} {ticks}" if len(ticks) > 1 else f"`{clean(text)}`"


_WRITERS: Mapping[str, Callable[[ReproductionReport], str]] = {"json": as_json, "markdown": markdown, "text": text.render}
KINDS = tuple(_WRITERS)


def render(report: ReproductionReport, kind: str) -> bytes:
    """Return the report as the content of a file of this kind."""
    return _WRITERS[kind](report).encode("utf-8", "backslashreplace")


# -- the policy ---------------------------------------------------------------------------------------------------------


def toml(report: ReproductionReport) -> str:
    """Return the inferred policy as a file for `dayfly serve --policy`, with undetermined values as comments."""
    return "\n".join([*_head(report), *(line for name in POLICY_FIELDS for line in _value(name, report))]) + "\n"


def _head(report: ReproductionReport) -> Iterator[str]:
    requests = counted(len(report.results), "request")
    yield from _comment(f"Inferred from {report.source}: {report.kind}, {requests}, times to {report.resolution} ms.")
    yield from _comment("To enforce it: dayfly serve --policy FILE. Times are seconds.")
    for note in report.inference.notes:
        yield from _comment(f"Note: {note}.")


def _value(name: str, report: ReproductionReport) -> Iterator[str]:
    finding = next((finding for finding in report.inference.findings if finding.name == name), None)
    fitting, enforced = report.inference.policy[name], report.policy[name]
    yield ""
    yield from _comment(UNDETERMINED if finding is None else span_words(finding, report.unit))
    if finding is not None and finding.determined:
        yield f"{name} = {_toml(finding.value)}"
    elif len(report.inference.explanations) > 1 and name in {one.name for one in report.inference.explanations}:
        yield from _comment(f"The recording cannot tell which. {' '.join(explained(report))} Take the # away from one.")
        yield from (f"# {name} = {_toml(one.value)}" for one in report.inference.explanations if one.name == name)
    elif fitting != enforced:
        yield from _comment(f"The enforced value, {_toml(enforced)}, does not fit; this does:")
        yield f"{name} = {_toml(fitting)}"
    else:
        yield f"# {name} = {_toml(fitting)}"


def _comment(text: str) -> list[str]:
    return wrap(clean(text), WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _toml(value: object) -> str:
    if value is None:
        return '"off"'
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return msgspec.json.encode(value).decode()
