"""A wall clock that processes share with the mock."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts.clients import faketime
from contracts.clients.errors import ClientError
from contracts.clients.faketime import FakeTime
from contracts.clients.process import ProcessClients
from contracts.scenario import Advance, Scenario, Send
from contracts.world import World
from mockserver.journal import Ended, Guest, Header
from tests.need import need

HELLO = Send(Guest("Ann", "ann@example.com"), "hello")
HOURS = 3600.0

TELLS_THE_TIME = """
const lines = require("node:readline").createInterface({ input: process.stdin });
const began = performance.now();
lines.on("line", (line) => {
  const told = JSON.stringify({ date: Date.now(), since: performance.now() - began });
  console.log(JSON.stringify({ id: JSON.parse(line).id, ok: false, error: told }));
});
"""


@pytest.fixture(autouse=True)
def _library() -> None:
    need("libfaketime")


@pytest.fixture
def clock() -> Iterator[FakeTime]:
    with closing(FakeTime(["sh"])) as clock:
        yield clock


def shown(clock: FakeTime) -> float:
    """By how many seconds a process that asks now is ahead."""
    ran = subprocess.run(["date", "+%s"], check=True, env=dict(clock.variables), capture_output=True, text=True)
    return int(ran.stdout) - time.time()


def test_a_process_shows_the_systems_time_and_what_was_skipped(clock: FakeTime) -> None:
    assert shown(clock) == pytest.approx(0, abs=30)
    clock.skip(6 * HOURS)
    clock.skip(0.5)
    assert shown(clock) == pytest.approx(6 * HOURS, abs=30)
    clock.reset()
    assert shown(clock) == pytest.approx(0, abs=30)


def test_a_client_at_work_sees_its_wall_clock_jump_and_no_other(tmp_path: Path) -> None:
    script = tmp_path / "tells.cjs"
    script.write_text(TELLS_THE_TIME)
    with World(ProcessClients(f"{need('node')} {script}", faketime=True)) as world:
        runs = [world.run(Scenario((HELLO, Advance(6 * HOURS), HELLO))) for _ in range(2)]
    for run in runs:
        assert isinstance(run.trace[0], Header)
        assert run.trace[0].clock == "wall"
        before, after = (json.loads(entry.error) for entry in run.trace if isinstance(entry, Ended))
        assert (after["date"] - before["date"]) / 1000 == pytest.approx(6 * HOURS, abs=30)
        assert (after["since"] - before["since"]) / 1000 < 30
        assert before["date"] / 1000 == pytest.approx(time.time(), abs=120)


def test_nothing_is_left_behind(clock: FakeTime) -> None:
    file = Path(clock.variables["FAKETIME_TIMESTAMP_FILE"])
    assert file.exists()
    clock.close()
    assert not file.parent.exists()


def test_where_it_is_not_installed_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faketime, "PLACES", ("/nowhere",))
    with pytest.raises(ClientError, match="libfaketime is not installed; the Debian package"):
        FakeTime(["sh"])


def test_where_it_has_no_effect_it_is_not_relied_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faketime, "find_library", lambda: Path("/nowhere.so"))
    with pytest.raises(ClientError, match="has no effect here"):
        FakeTime(["sh"])


def test_a_python_that_cannot_sleep_under_it_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(ClientError, match="python3 cannot sleep"):
        FakeTime([str(python)])


def test_it_is_for_processes_alone() -> None:
    command = [sys.executable, "-m", "contracts.cli", "verify", "a.py:factory", "--faketime"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--faketime is for --command only" in ran.stderr
