"""Clients without a possible verdict, or that leave something behind: one line or a clause, and nothing keeps running."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from html import unescape
from pathlib import Path

import pytest

from contracts.cli import run
from contracts.cli.leftovers import nothing_left_running

pytestmark = pytest.mark.slow

SCENARIO = Path(__file__).parents[2] / "fixtures" / "scenarios" / "two-plain-sends.json"
ASK = ["--examples", "0", "--seed", "0", "--clause", "D2", "--clause", "D3"]

IDLE = "class Client:\n    def send(self, guest, text):\n        {}\n    def close(self):\n        {}\n"


def client(directory: Path, send: str = "pass", close: str = "pass", factory: str = "return Client()") -> str:
    (directory / "client.py").write_text(
        f"import os, subprocess, sys\n{IDLE.format(send, close)}def factory(platform):\n    {factory}\n"
    )
    return f"{directory}/client.py:factory"


@pytest.mark.parametrize(
    ("send", "words"),
    [
        ("sys.exit(3)", "SystemExit: 3"),
        ("os._exit(0)", "SystemExit: os._exit(0) was called"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("self.send(guest, text)", "RecursionError"),
        ("raise MemoryError('x' * 10_000_000)", "MemoryError: xxx"),
        ("return len(guest)", "TypeError"),
    ],
)
def test_whatever_a_send_raises_is_a_failure_that_was_reported(
    send: str, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", str(SCENARIO), client(tmp_path, send), "--clause", "D2"]) == 1
    out, err = capfd.readouterr()
    assert err == ""
    assert "error[D2] not-delivered" in out
    assert f"the client reported failure ({words}" in " ".join(out.split())


def test_one_that_only_ever_raises_before_it_sends_is_stopped_early(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", client(tmp_path, "return len(guest)"), *ASK]) == 2
    assert "the client raised TypeError: object of type 'Guest' has no len() before it sent anything" in capfd.readouterr().err


def test_a_close_that_fails_changes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", client(tmp_path, close="raise RuntimeError('no')"), *ASK]) == 1
    assert capfd.readouterr().err == ""


def test_what_a_factory_says_cannot_paint_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = client(tmp_path, factory=r"raise ValueError('\x1b[31mno\x07 config\nat all')")
    assert run(["verify", target, *ASK]) == 2
    first, *frames = capfd.readouterr().err.splitlines()
    assert first == "dayfly: the factory raised ValueError: \\x1b[31mno\\x07 config at all; it was raised here:"
    assert [frame.split(": ")[0].split("/")[-1].split(":", 1)[1] for frame in frames] == ["8 in factory"]


def test_what_could_not_be_judged_is_written_to_the_reports(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.chdir(tmp_path)
    target = client(tmp_path, factory="raise KeyError('config')").removeprefix(f"{tmp_path}/")
    kinds = ("junit", "html", "json", "markdown", "sarif", "text")
    (tmp_path / "junit").write_text("stale")
    reports = [word for kind in kinds for word in ("--report", f"{kind}:{kind}")]
    assert run(["verify", target, *ASK, *reports]) == 2
    why = "the factory raised KeyError: 'config'; it was raised here:"
    for name in (*kinds, "summary.md"):
        assert why in " ".join(unescape((tmp_path / name).read_text()).replace("\\", "").split()), name
    assert '<error type="stopped"' in (tmp_path / "junit").read_text()
    said = capfd.readouterr()
    assert said.out == ""
    assert f"::error file={target.split(':')[0]},line=8,title=dayfly::{why}%0A" in said.err


def test_reports_that_were_written_stay(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    target = client(tmp_path, "raise ValueError('no')")
    reports = ["--report", f"junit:{tmp_path}/report.xml", "--report", "text:/dev/full"]
    assert run(["replay", str(SCENARIO), target, "--clause", "D2", *reports]) == 2
    assert "cannot be written" in capfd.readouterr().err
    assert "<error" not in (tmp_path / "report.xml").read_text()


def test_what_a_process_wrote_last_stands_on_lines_of_its_own(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    client = tmp_path / "client.py"
    client.write_text(r"import sys; input(); sys.exit('\x1b[31mno\n\ttoken')")
    command = shlex.join([sys.executable, "-S", str(client)])
    assert run(["replay", str(SCENARIO), "--command", command]) == 2
    told = "dayfly: the client ended while it had work to do: exit status 1; its last words on stderr:\n"
    told += "  \\x1b[31mno\n      token\n"
    assert capfd.readouterr().err == told


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells of orphans")
@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen(['sleep', '1000'], start_new_session=True)",
        "subprocess.run(['sh', '-c', 'setsid sleep 1000 > /dev/null 2>&1 &'])",
        "os.fork() or os.execlp('sleep', 'sleep', '1000')",
    ],
)
def test_what_a_client_has_started_ends_with_the_command(start: str, tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    target = client(tmp_path, f"os.environ['STARTED_BY'] = {mark!r}; {start}")
    command = [sys.executable, "-m", "contracts.cli", "verify", target, *ASK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == (2 if "fork" in start else 1), done.stdout  # of a client that forks not all can be told
    assert "Traceback" not in done.stderr
    assert not started_by(mark)


def started_by(mark: str) -> list[int]:
    """The processes that have a mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and f"STARTED_BY={mark}".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells of orphans")
def test_what_was_there_before_stays() -> None:
    with subprocess.Popen(["sleep", "1000"]) as before:
        with nothing_left_running():
            meanwhile = subprocess.Popen(["sleep", "1000"])
        assert before.poll() is None
        before.kill()
    with pytest.raises(ProcessLookupError):
        os.kill(meanwhile.pid, 0)
    meanwhile.wait()


def test_sigterm_ends_it_once_and_only_where_nobody_else_handles_that() -> None:
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    with pytest.raises(SystemExit, match="143"), nothing_left_running():
        terminate_twice()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    heard = list[int]()
    signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with nothing_left_running():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert heard == [signal.SIGTERM]


def terminate_twice() -> None:
    """As `timeout` does: the process, and then its group."""
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        signal.raise_signal(signal.SIGTERM)


def test_another_thread_leaves_signals_alone() -> None:
    handlers = list[object]()

    def look() -> None:
        with nothing_left_running():
            handlers.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [signal.SIG_DFL]
