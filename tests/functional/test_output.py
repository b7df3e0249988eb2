"""A client's output goes to reports, and not to the terminal or to files that are committed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.cli import run
from tests.functional import sessions

pytestmark = pytest.mark.slow

CLIENT = """
import logging, sys
from tests.contracts.small import Small

logging.basicConfig(level=logging.DEBUG)

class Noisy(Small):
    def send(self, guest, text):
        print("printed,  twice", file=sys.stderr)
        logging.getLogger("notifier").info("sending")
        super().send(guest, text)

    def create(self, guest):
        session = super().create(guest)
        print("created")
        return {"id": session}["webChatSessionId"]

factory = Noisy
"""

UNCLOSED = """
import aiohttp

class Open:
    def __init__(self, platform):
        self.platform, self.http = platform, None

    async def send(self, guest, text):
        self.http = self.http or aiohttp.ClientSession()
        form = {"grant_type": "client_credentials"}
        auth = aiohttp.BasicAuth(self.platform.client_id, self.platform.client_secret)
        async with self.http.post(self.platform.base_url + "/oauth/token", data=form, auth=auth) as answer:
            headers = {"Authorization": "Bearer " + (await answer.json())["access_token"]}
        api = self.platform.base_url + "/api/v2/conversations"
        async with self.http.post(api + "/webchat/sessions", json={}, headers=headers) as answer:
            body = {"webChatSessionId": (await answer.json())["webChatSessionId"], "text": text}
        for _ in range(2):
            async with self.http.post(api + "/messaging/external/guests/sendmessage", json=body, headers=headers):
                pass
"""

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath), prepend=os.pathsep)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "DAYFLY_GITHUB", "HYPOTHESIS_STORAGE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    Path("noisy.py").write_text(CLIENT)


def dayfly(*words: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as somebody types it."""
    variables = os.environ | {"NO_COLOR": "1", "COLUMNS": "100"}
    command = [sys.executable, "-m", "contracts.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, env=variables, timeout=120, check=False)


VERIFY = ("verify", "noisy.py:factory", "--seed", "0", "--examples", "5", "--clause", "D2")


def test_the_terminal_has_the_report_alone_which_shows_output_at_its_place() -> None:
    done = dayfly(*VERIFY)
    assert done.stderr == ""
    lines = [line.strip() for line in done.stdout.splitlines()]
    begun = next(nth for nth, line in enumerate(lines) if line.endswith("message 1 to Ann: '0'"))
    assert lines[begun + 1].endswith("stderr ┊ printed,  twice")
    assert lines[begun + 2].endswith("log    ┊ INFO:notifier:sending")
    created = next(nth for nth, line in enumerate(lines) if "POST /webchat/sessions" in line)
    assert any("stdout ┊ created" in line for line in lines[created:])
    assert "(KeyError: 'webChatSessionId')" in done.stdout
    assert "from   ┊ noisy.py:11 in send: super().send(guest, text)" in done.stdout
    assert 'noisy.py:16 in create: return {"id": session}["webChatSessionId"]' in done.stdout


def test_an_aiohttp_session_that_is_never_closed_is_no_news() -> None:
    """aiohttp complains to the session's loop when it is collected, which is after the run or at the end of the process."""
    Path("open_session.py").write_text(UNCLOSED)
    done = dayfly("verify", "open_session.py:Open", "--socket", "--seed", "0", "--examples", "5", "--walk", "off")
    assert "S1 session-reused" in done.stdout
    assert done.stderr == ""


def test_it_is_let_through_if_that_is_asked_for() -> None:
    done = dayfly(*VERIFY, "--show-output")
    assert "printed,  twice\n" in done.stderr
    assert "created\n" in done.stderr
    assert "INFO:notifier:sending\n" in done.stderr


def test_the_json_report_has_all_of_it(capfd: Captured) -> None:
    assert run([*VERIFY, "--json"]) == 1
    report = json.loads(capfd.readouterr().out)
    (found,) = [clause["counterexample"] for clause in report["clauses"] if "counterexample" in clause]
    texts = [line["text"] for line in found["log"] if line["stream"] == "stderr"]
    assert set(texts) == {"printed,  twice"}
    seqs = [entry["seq"] for entry in found["trace"] if "seq" in entry]
    assert all(0 <= line["after"] <= max(seqs) for line in found["log"])


def test_pytest_captures_none_of_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    sessions.prepare(monkeypatch, pytestconfig)
    done = sessions.run(pytester, CLIENT_IN_A_TEST, "--dayfly-examples", "0")
    told = done.stdout.str()
    done.assert_outcomes(failed=1)
    assert "stderr ┊ printed,  twice" in told
    assert "the test says so" in told
    assert told.count("printed,  twice") < 10
    assert "Captured log call" not in told


CLIENT_IN_A_TEST = """
    import logging, sys

    class Noisy(Small):
        def send(self, guest, text):
            print("printed,  twice", file=sys.stderr)
            logging.getLogger("notifier").error("sending")

    def test_it(verify_client):
        print("the test says so")
        verify_client(Noisy, clauses=["D2"])
"""


# -- what is left behind ---------------------------------------------------------------------------------------------


def test_nothing_is_left_in_the_working_directory() -> None:
    assert dayfly(*VERIFY).returncode == 1
    assert sorted(path.name for path in Path().iterdir() if path.name not in {"cache", "__pycache__"}) == ["noisy.py"]


def test_the_directory_of_a_report_is_made() -> None:
    assert run([*VERIFY, "--report", "junit:out/of/j.xml"]) == 1
    assert Path("out/of/j.xml").read_bytes().startswith(b"<?xml")


def test_a_directory_that_cannot_be_made_is_refused_before_anything_runs(capfd: Captured) -> None:
    assert run([*VERIFY, "--report", "junit:noisy.py/j.xml"]) == 2
    assert "noisy.py is not a directory and cannot become one" in capfd.readouterr().err


@pytest.mark.parametrize("path", ["/proc/j.xml", "/proc/of/j.xml", "n" * 300])
def test_a_place_that_cannot_be_written_is_refused_before_anything_runs(path: str, capfd: Captured) -> None:
    assert run([*VERIFY, "--report", f"junit:{path}"]) == 2
    out, err = capfd.readouterr()
    assert f"dayfly verify: Invalid value for '--report': {path} cannot be written: " in err
    assert not out


def test_trying_a_place_leaves_nothing_there_and_changes_no_file() -> None:
    Path("old.xml").write_text("an earlier report")
    reports = ("--report", "junit:new.xml", "--report", "json:made/new.json", "--report", "html:old.xml")
    assert run([*VERIFY, *reports, "--report", "sarif:/proc/last.json"]) == 2
    assert not Path("new.xml").exists()
    assert not Path("made").exists()
    assert Path("old.xml").read_text() == "an earlier report"


def test_a_closed_standard_input_is_not_read(capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert run(["check", "-"]) == 2
    assert capfd.readouterr().err == "dayfly: standard input is closed; name a file\n"


def test_the_command_alone_prints_its_help(capfd: Captured) -> None:
    assert run([]) == 0
    out, err = capfd.readouterr()
    assert (out.startswith("Usage: dayfly [OPTIONS]"), err) == (True, "")


def test_keeping_what_is_fixed_wants_a_corpus(capfd: Captured) -> None:
    assert run([*VERIFY, "--corpus-keep"]) == 2
    assert "--corpus-keep needs --corpus DIR" in capfd.readouterr().err


def test_the_printed_commands_lead_to_the_counterexample(capfd: Captured) -> None:
    assert run(list(VERIFY)) == 1
    told = dict(line.split(None, 1) for line in capfd.readouterr().out.splitlines() if line.startswith(("  keep", "  then")))
    assert run(told["keep"].split()[1:]) == 1
    capfd.readouterr()
    assert run(told["then"].split()[1:]) == 1
    assert "error[D2]" in capfd.readouterr().out


# -- a job of GitHub Actions -----------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The summary page of a step."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    return tmp_path / "summary.md"


def test_the_summary_page_and_annotations_come_unasked(page: Path, capfd: Captured) -> None:
    page.write_text("what an earlier command said\n")
    assert run(list(VERIFY)) == 1
    assert "::error file=noisy.py,line=" in capfd.readouterr().out
    assert page.read_text().startswith("what an earlier command said\n## `noisy.py:factory` ❌ breaks the contract\n")
    assert run(list(VERIFY)) == 1
    assert page.read_text().count("breaks the contract") == 2


def test_they_can_be_switched_off(page: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    monkeypatch.setenv("DAYFLY_GITHUB", "0")
    assert run(list(VERIFY)) == 1
    assert not page.exists()
    assert "::error" not in capfd.readouterr().out


def test_a_page_that_is_full_gets_what_there_is_room_for(page: Path) -> None:
    page.write_bytes(b"x" * ((1 << 20) - 1000))
    assert run(list(VERIFY)) == 1
    added = page.read_bytes().lstrip(b"x").decode()
    assert "D2 not" in added
    assert "<details" not in added
    page.write_bytes(b"x" * ((1 << 20) - 10))
    assert run(list(VERIFY)) == 1
    assert page.stat().st_size == (1 << 20) - 10


def test_a_page_that_cannot_be_written_fails_nothing(page: Path, capfd: Captured) -> None:
    page.mkdir()
    assert run(list(VERIFY)) == 1
    assert f"the summary page {page} cannot be written: Is a directory" in capfd.readouterr().out


@pytest.mark.parametrize("workers", ["0", "2"])
def test_pytest_writes_the_page_once_whoever_ran_the_tests(
    workers: str, page: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    sessions.prepare(monkeypatch, pytestconfig)
    done = sessions.run(pytester, IN_A_JOB, "--dayfly-examples", "0", "-n", workers)
    done.assert_outcomes(passed=1, failed=1)
    written = page.read_text()
    assert (written.count("breaks the contract"), written.count("keeps the contract")) == (1, 1)
    assert sum(line.startswith("::error file=") for line in done.outlines) == 1


def test_pytest_writes_no_page_outside_of_a_job(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    sessions.prepare(monkeypatch, pytestconfig)
    done = sessions.run(pytester, IN_A_JOB, "--dayfly-examples", "0")
    done.assert_outcomes(passed=1, failed=1)
    assert not any(line.startswith("::error") for line in done.outlines)


IN_A_JOB = """
    def test_right(verify_client):
        verify_client(Small, clauses=["S1"])

    def test_wrong(verify_client):
        verify_client(Caching, clauses=["S1"])
"""


# -- a platform behind a socket --------------------------------------------------------------------------------------

WAITING = """
    import httpx
    from types import SimpleNamespace
    from fixtures.clients.recovering import Notifier

    ANN = SimpleNamespace(name="Ann", email="ann@example.com")

    def test_it_replaces_a_session_that_has_gone_idle(dayfly_live_platform):
        http = httpx.Client(base_url=dayfly_live_platform.base_url)
        notifier = Notifier(http, dayfly_live_platform.client_id, dayfly_live_platform.client_secret)
        notifier.send(ANN, "Hello")
        dayfly_live_platform.clock.advance(3600)

        notifier.send(ANN, "Welcome back")
        http.close()

        assert dayfly_live_platform.requests.count(reason="message.accepted") == 2

    def test_its_clock_runs_unless_it_is_frozen(dayfly_live_platform):
        clock = dayfly_live_platform.clock
        at = clock.freeze()
        assert clock.now() == at
        clock.advance(31)
        assert clock.now() == at + 31
        clock.resume()
        assert clock.now() >= at + 31
"""


def test_time_behind_a_socket_is_as_documented(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    sessions.prepare(monkeypatch, pytestconfig)
    sessions.run(pytester, WAITING).assert_outcomes(passed=2)
