"""Holds mutants against the probe, or against the tests that are to notice them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.mutants.catalogue import Mutant
from tests.mutants.workshop import mutated

PATIENCE = 600
"""Seconds a probe or a test may take with a mutant, which may hang."""


class Catch(NamedTuple):
    """The result of a mutant: it was caught `times` of `of`."""

    mutant: Mutant
    times: int
    of: int

    @property
    def is_caught(self) -> bool:
        """Nearly always will do, for histories are drawn."""
        return self.times * 20 >= self.of * 19


class NoVerdict(Exception):
    """The check for a mutant could not be run, or would give the same result without it."""


def hunt(mutant: Mutant, folder: Path, seeds: int) -> Catch:
    """Makes the mutant in the copy in `folder`, and says whether it is noticed. Raises Rotten or NoVerdict."""
    with mutated(mutant, folder):
        if mutant.by_clause:
            return Catch(mutant, _told(folder, mutant.caught_by, str(seeds)), seeds)
        return Catch(mutant, int(fails(folder, [mutant.caught_by])), 1)


def check_that_nothing_is_found(folder: Path, mutants: Sequence[Mutant]) -> None:
    """Without a mutant the probe holds, and so do all tests that are to notice one. Raises NoVerdict."""
    broken = _told(folder)
    if broken:
        raise NoVerdict(f"without any mutant the probe finds {', '.join(broken)} broken")
    tests = sorted({mutant.caught_by for mutant in mutants if not mutant.by_clause})
    if tests and fails(folder, tests):
        raise NoVerdict("without any mutant one of these tests fails: " + ", ".join(tests))


def fails(folder: Path, tests: Sequence[str]) -> bool:
    """Return whether one of these tests fails in the copy. A missing or skipped test is not a verdict."""
    done = _run(folder, "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests)
    if done.returncode not in {0, 1}:
        raise NoVerdict(f"{', '.join(tests)}: {_last_words(done)}")
    return done.returncode == 1


def _told(folder: Path, *arguments: str) -> Any:
    done = _run(folder, "tests.mutants.trial", *arguments)
    if done.returncode:
        raise NoVerdict(f"the probe could not be made: {_last_words(done)}")
    return json.loads(done.stdout)


def _run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "DAYFLY_REQUIRE": "valkey"}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE)


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return lines[-1] if lines else f"it ended with status {done.returncode}"
