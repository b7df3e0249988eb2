"""`dayfly reproduce`, as somebody types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FIXTURES = ROOT / "fixtures"


def reproduce(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "contracts.cli", "reproduce", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8")


def test_the_story_of_earlier_today() -> None:
    done = reproduce("fixtures/recordings/earlier-today.har")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "15:40:27.803       5  send s1         403 not.authorized  403 session.consumed" in done.stdout
    assert "403 session.consumed, 2 times: first in entry 5 (s1)" in done.stdout
    assert "entry 7: its session is from before the recording began" in done.stdout


@pytest.mark.parametrize("name", ["bad/S1.jsonl", "good/R3.jsonl", "good/A2.jsonl"])
def test_a_trace_of_the_mock_is_answered_as_it_was(name: str) -> None:
    done = reproduce(FIXTURES / "traces" / name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_no_recording_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "notes.har"
    file.write_text("nothing of the kind")
    done = reproduce(file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(f"dayfly: {file}: this is no HAR file")
