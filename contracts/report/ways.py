"""How a counterexample is run again: commands, as they are typed."""

from __future__ import annotations

import shlex
from typing import NamedTuple

from contracts.report.model import ClauseResult, Report
from contracts.scenario import Scenario, digest

CORPUS = "corpus"
"""The directory that a command proposes for counterexamples."""


class Way(NamedTuple):
    """A command, and what it is for in a word or two."""

    label: str
    command: str


def ways(report: Report, result: ClauseResult) -> list[Way]:
    """What to type to see the counterexample of `result` again, and to read about its clause."""
    return [*_runs(report, result), Way("explain", f"dayfly explain {result.code}")]


def _runs(report: Report, result: ClauseResult) -> list[Way]:
    """From its file if it was saved; else the same scenarios are drawn again, and saved only by a command that says so."""
    if report.subject == "provider":
        url = shlex.quote(report.replay_with or "")
        probe = f"dayfly probe {url} --seed {report.seed} --clause {result.code}"
        return [Way("again", probe)] if report.replay_with else []
    found, client = result.counterexample, report.replay_with or shlex.quote(report.target)
    if found is None or found.scenario is None:
        return []
    if report.replay_with is None:
        return _tests(report)
    if found.file is None:
        return [] if report.seed is None else _from_the_seed(report, result.code, found.scenario, client)
    replay, name = _joined(f"dayfly replay {shlex.quote(found.file)} {client}", report.contract), result.code.lower()
    one = f"{replay} --clause {result.code}"
    return [
        Way("reproduce", replay),
        Way("as a test", f"{one} --emit pytest > test_{name}.py"),
        Way("as curl", f"{one} --emit curl > {name}.sh"),
    ]


def _from_the_seed(report: Report, code: str, scenario: Scenario, client: str) -> list[Way]:
    """The same run, the same run that keeps what it finds, and the one scenario from the file that the latter writes."""
    drawn = _joined(f"dayfly verify {client}", report.contract, report.drawing) + f" --seed {report.seed}"
    kept = f"{CORPUS}/{code}-{digest(scenario)}.json"
    replay = _joined(f"dayfly replay {kept} {client}", report.contract)
    return [Way("again", drawn), Way("keep", f"{drawn} --corpus {CORPUS}"), Way("then", replay)]


def _tests(report: Report) -> list[Way]:
    """For a client that no name leads to: the test that knows it."""
    if not report.test or report.seed is None:
        return []
    return [Way("again", f"pytest {shlex.quote(report.test)} --dayfly-seed {report.seed} --dayfly-examples {report.drawn}")]


def _joined(*words: str) -> str:
    return " ".join(filter(None, words))
