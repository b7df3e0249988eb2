"""Commands that run a counterexample again."""

from __future__ import annotations

import shlex
from typing import NamedTuple

from contracts.report.model import ClauseResult, Report
from contracts.scenario import Played, name_in_corpus

CORPUS = "corpus"
"""The directory for counterexamples in proposed commands."""


class Way(NamedTuple):
    """A command, and its purpose in a word or two."""

    label: str
    command: str


def ways(report: Report, result: ClauseResult) -> list[Way]:
    """Return the commands that show the counterexample of `result` again, and describe its clause."""
    return [*_runs(report, result), Way("explain", _joined("dayfly explain", _platform(report), result.code))]


def _runs(report: Report, result: ClauseResult) -> list[Way]:
    """Return commands that replay the saved file. Without a file they draw the same scenarios again."""
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
    replay, name = _replay(report, found.file, client), result.code.lower().replace("/", "_")
    one = f"{replay} --clause {result.code}"
    return [
        Way("reproduce", replay),
        Way("as a test", f"{one} --emit pytest > test_{name}.py"),
        Way("as curl", f"{one} --emit curl > {name}.sh"),
    ]


def _from_the_seed(report: Report, code: str, scenario: Played, client: str) -> list[Way]:
    """Return commands for the same run, for the same run with its counterexamples saved, and for a replay of the saved file."""
    drawn = _joined("dayfly verify", _platform(report), client, report.contract, report.drawing, f"--seed {report.seed}")
    kept = f"{CORPUS}/{name_in_corpus(scenario, code)}"
    return [Way("again", drawn), Way("keep", f"{drawn} --corpus {CORPUS}"), Way("then", _replay(report, kept, client))]


def _replay(report: Report, file: str, client: str) -> str:
    return _joined("dayfly replay", _platform(report), shlex.quote(file), client, report.contract)


def _platform(report: Report) -> str:
    return f"--platform {shlex.quote(report.platform)}" if report.platform else ""


def _tests(report: Report) -> list[Way]:
    """Return the command for a client without a name: the test that verified it."""
    if not report.test or report.seed is None:
        return []
    drawn = "" if report.platform else f"--dayfly-examples {report.drawn}"
    return [Way("again", _joined(f"pytest {shlex.quote(report.test)} --dayfly-seed {report.seed}", drawn))]


def _joined(*words: str) -> str:
    return " ".join(filter(None, words))
