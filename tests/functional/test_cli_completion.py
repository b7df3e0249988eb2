"""Completions in a shell: requested as bash does, and by bash itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.clauses import CLAUSES
from contracts.cli.group import COMMANDS

DAYFLY = (sys.executable, "-m", "contracts.cli")


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if name != "SHELL"} | variables
    return subprocess.run([*DAYFLY, *arguments], check=False, capture_output=True, text=True, env=surroundings, timeout=60)


def offered(typed: str) -> list[str]:
    """Return the completions for the last word of `typed`: a kind and a value each."""
    words = typed.split(" ")
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1), "_DAYFLY_COMPLETE": "bash_complete"}
    return run(**asked).stdout.split()


def test_every_command_is_offered() -> None:
    assert offered("dayfly ") == [f"plain,{name}" for name in sorted(COMMANDS)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("dayfly verify --cla", ["plain,--clause"]),
        ("dayfly verify --clause r", [f"plain,R{number}" for number in range(1, 8)]),
        ("dayfly explain P1", ["plain,P1", "plain,P10", "plain,P11", "plain,P12", "plain,P13"]),
        ("dayfly check --delivery at-l", ["plain,at-least-once"]),
        ("dayfly verify --report h", ["plain,har:", "plain,html:"]),
        ("dayfly verify --report html:re", ["file,html:re"]),
        ("dayfly verify fixtures/cl", ["file,fixtures/cl"]),
        ("dayfly stories run tok", [f"plain,token-{end}" for end in ("evicted", "expired", "idle", "revoked")]),
        ("dayfly stories show ./mi", ["file,./mi"]),
    ],
)
def test_values_are_offered(typed: str, expected: list[str]) -> None:
    assert offered(typed) == expected


def test_bash_completes() -> None:
    command = Path(sys.executable).with_name("dayfly")
    script = f"""
        eval "$({command} completion bash)"
        COMP_WORDS=(dayfly verify --clause S) COMP_CWORD=3
        _dayfly_completion {command}
        echo "${{COMPREPLY[@]}}"
    """
    ran = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == [clause.code for clause in CLAUSES if clause.code.startswith("S")]


def test_the_shell_one_is_in_is_the_default() -> None:
    assert "compdef" in run("completion", SHELL="/usr/bin/zsh").stdout
    unknown = run("completion", SHELL="/bin/odd")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "name your shell: bash, zsh, fish" in unknown.stderr
