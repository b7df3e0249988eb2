"""The command `dayfly` in the tests' own process, where a process of its own is not what is tested."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from contracts.cli import run

Dayfly = Callable[..., CompletedProcess[str]]


@pytest.fixture
def dayfly(capfd: pytest.CaptureFixture[str]) -> Dayfly:
    """Runs a command, and returns its exit status and what it printed."""

    def ran(*words: str | Path) -> CompletedProcess[str]:
        status = run([*map(str, words)])
        return CompletedProcess(words, status, *capfd.readouterr())

    return ran
