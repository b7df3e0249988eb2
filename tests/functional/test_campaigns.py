"""A campaign as it is lived with: what is known, what is kept, how it is waited for, and how it is broken off."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from contracts.cli import run
from contracts.cli.progress import words
from contracts.report.json import schema
from contracts.verify.search import Progress
from tests.walked import FIRST

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).parents[2] / "fixtures" / "clients"
CACHED, RECOVERING = f"{CLIENTS}/cached_session.py:factory", f"{CLIENTS}/recovering.py:factory"

KNOWN = 'version = 1\n[[failure]]\nclause = "S1"\nreason = "the cache goes with the next release"\n'

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")


# -- what is known -----------------------------------------------------------------------------------------------------


def test_a_known_violation_exits_0_and_one_that_is_gone_exits_1(tmp_path: Path, capfd: Captured) -> None:
    known = tmp_path / "known.toml"
    known.write_text(KNOWN)
    options = ["--examples", "0", "--clause", "S1", "--expected-failures", str(known)]
    assert run(["verify", CACHED, *options]) == 0
    out = capfd.readouterr().out
    assert "expected" in out
    assert "the cache goes with the next release" in out
    assert "error[S1]" not in out
    assert run(["verify", RECOVERING, *options]) == 1
    assert "now held" in capfd.readouterr().out


def test_a_file_that_is_none_exits_2_before_anything_runs(tmp_path: Path, capfd: Captured) -> None:
    known = tmp_path / "known.toml"
    known.write_text(KNOWN.replace("reason", "reasons"))
    assert run(["verify", CACHED, "--expected-failures", str(known)]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"{known}: Object contains unknown field `reasons` - at `$.failure[0]`" in err


# -- what is drawn -----------------------------------------------------------------------------------------------------


def test_a_profile_is_chosen_by_option_or_variable(capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert run(["verify", RECOVERING, "--examples", "0", "--profile", "ci"]) == 0
    assert f"{FIRST} runs, seed 0," in capfd.readouterr().out
    monkeypatch.setenv("DAYFLY_PROFILE", "ci")
    assert run(["verify", RECOVERING, "--examples", "0"]) == 0
    assert f"{FIRST} runs, seed 0," in capfd.readouterr().out
    assert run(["verify", RECOVERING, "--profile", "weekly"]) == 2


def test_what_is_to_be_typed_again_finds_the_same(capfd: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["verify", CACHED, "--examples", "12", "--clause", "r2", "--max-age", "40", "--seed", "3"]) == 1
    first = capfd.readouterr().out
    (again,) = [line for line in first.splitlines() if line.strip().startswith("again")]
    command = shlex.split(again)[1:]
    assert command[1:] == shlex.split(f"verify {CACHED} --max-age 40 --clause R2 --examples 12 --seed 3")
    assert run(command[1:]) == 1
    story = first.split("\n\n  again")[0]
    assert capfd.readouterr().out.startswith(story)
    assert list(tmp_path.iterdir()) == []
    (keep,) = [line for line in first.splitlines() if line.strip().startswith("keep")]
    assert run(shlex.split(keep)[2:]) == 1
    second = capfd.readouterr().out
    (replay,) = [line for line in second.splitlines() if line.strip().startswith("reproduce")]
    assert shlex.split(replay)[1:3] == ["dayfly", "replay"]
    assert run(shlex.split(replay)[2:]) == 1
    assert "error[R2]" in capfd.readouterr().out


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_a_corpus_that_cannot_be_one_exits_2(tmp_path: Path, capfd: Captured) -> None:
    (tmp_path / "S1-odd.json").write_text('{"version": 2, "items": []}')
    assert run(["verify", RECOVERING, "--corpus", str(tmp_path)]) == 2
    assert capfd.readouterr().err == f"dayfly: {tmp_path}/S1-odd.json: $.version: 2 is not known here (dayfly reads 1)\n"


# -- how it is waited for ----------------------------------------------------------------------------------------------


def at_a_terminal(arguments: list[str], **variables: str) -> tuple[int, str]:
    """The exit status of dayfly, and what stands on the terminal that is its standard error."""
    master, slave = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "COLUMNS"}} | variables
    command = [sys.executable, "-c", f"{SHORTENED}; sys.exit(run(sys.argv[1:]))", *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=slave) as process:
        os.close(slave)
        shown = b""
        while chunk := _read(master):
            shown += chunk
    os.close(master)
    return process.returncode, shown.decode()


SHORTENED = "import sys, contracts.cli.progress as progress; progress.SHORT = 0; from contracts.cli import run"
"""A campaign of any length is long."""


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except OSError:  # the other end is closed
        return b""


def test_who_waits_at_a_terminal_sees_how_far_it_is() -> None:
    arguments = ["verify", RECOVERING, "--examples", "3", "--seed", "0", "--clause", "S1", "--clause", "D3"]
    status, shown = at_a_terminal(arguments, TERM="xterm")
    assert status == 0
    runs = FIRST + 3
    assert f"{runs}/{runs}  2/2 clauses exercised, 0 violated" in shown
    assert shown.endswith("\r\x1b[K\x1b[?25h")


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"TERM": "xterm", "CI": "true"}])
def test_nobody_else_does(variables: dict[str, str]) -> None:
    assert at_a_terminal(["verify", RECOVERING, "--examples", "0"], **variables) == (0, "")


def test_the_bar_tells_what_is_being_made_smaller() -> None:
    assert words(Progress(7, 9, 26, 20, 1, smaller="S1")) == "20/26 clauses exercised, 1 violated; minimizing S1"
    assert words(None) is None


# -- how it is broken off ----------------------------------------------------------------------------------------------

IMPATIENT = """
import os, signal
class Client:
    asked = 0
    def send(self, guest, text):
        Client.asked += 1
        if Client.asked == {asked}:
            os.kill(os.getpid(), signal.{sent})
def factory(platform):
    return Client()
"""


def test_an_interrupt_tells_what_was_found_so_far_and_exits_130(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(IMPATIENT.format(asked=20, sent="SIGINT"))
    command = [sys.executable, "-m", "contracts.cli", "verify", f"{tmp_path}/client.py:factory", "--seed", "0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert "interrupted: this is what was found so far" in done.stderr
    report = json.loads(done.stdout)
    jsonschema.validate(report, schema())
    assert report["interrupted"] is True
    assert 5 < report["examples"] < 20
    assert {clause["code"] for clause in report["clauses"] if clause["status"] == "violated"} == {"D2", "D3"}


@pytest.mark.parametrize("asked", [1, 400])
def test_who_is_told_to_end_tells_nothing_and_exits_143(tmp_path: Path, asked: int) -> None:
    """This holds even while scenarios are drawn, when Hypothesis would try once more."""
    (tmp_path / "client.py").write_text(IMPATIENT.format(asked=asked, sent="SIGTERM"))
    command = [sys.executable, "-m", "contracts.cli", "verify", f"{tmp_path}/client.py:factory", "--seed", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (143, "", "")
