"""Recordings and exports, as somebody at a terminal or a CI job meets them: each really shows again what was reported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from contracts.cli import run
from contracts.clients.python import PythonClients
from contracts.judge import Status
from contracts.report.exports import curl
from contracts.report.model import ClauseResult, Counterexample
from contracts.runner import Runner
from contracts.scenario import (
    Advance,
    EndSessions,
    Fault,
    Message,
    RejectTokens,
    RestartClient,
    RevokeScope,
    Scenario,
    Send,
    SendParallel,
    Trigger,
)
from mockserver.assemble import assemble
from mockserver.journal import Guest
from mockserver.live import LiveServer
from mockserver.settings import Settings
from mockserver.web.app import create_app
from tests.contracts.small import Small
from tests.need import need

FIXTURES = Path(__file__).parents[2] / "fixtures"
CACHED, RECOVERING = f"{FIXTURES}/clients/cached_session.py:factory", f"{FIXTURES}/clients/recovering.py:factory"
RECORDED = FIXTURES / "recordings" / "earlier-today.har"
BOB, EVE = Guest("Bob", "bob@example.com"), Guest('"$(id)" \u202e👋', "eve@example.com")

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath), prepend=os.pathsep)
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE", "DAYFLY_ADMIN_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A mock with an admin token."""
    with assemble(Settings(admin_token="admin-token")) as parts, LiveServer(create_app(parts)) as server:
        yield server.url


@pytest.fixture
def scenario(tmp_path: Path) -> str:
    """Return a file with a scenario in which the caching client fails."""
    assert run(["verify", CACHED, "--seed", "0", "--examples", "5", "--clause", "S1", "--corpus", "corpus"]) == 1
    (found,) = (tmp_path / "corpus").glob("S1-*.json")
    return str(found.relative_to(tmp_path))


def emitted(capfd: Captured, *arguments: str) -> str:
    """Return the output of `replay --emit`."""
    capfd.readouterr()
    assert run(["replay", *arguments]) == 0
    out, err = capfd.readouterr()
    assert err.startswith("error[S1] session-reused")
    assert "smallest failing scenario" not in err
    return out


def in_shell(script: str, url: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", "DAYFLY_URL": url, "DAYFLY_ADMIN_TOKEN": "admin-token"}
    return subprocess.run(["sh"], input=script, env=variables, capture_output=True, text=True, check=False)


# -- exports ---------------------------------------------------------------------------------------------------------


def test_a_failed_verification_tells_commands_that_work(capfd: Captured) -> None:
    assert run(["verify", CACHED, "--seed", "0", "--examples", "5", "--clause", "S1", "--corpus", "corpus"]) == 1
    out, _ = capfd.readouterr()
    lines = [line for line in out.splitlines() if "dayfly replay" in line]
    assert [line.split()[0] for line in lines] == ["reproduce", "as", "as"]
    typed = lines[0].split("dayfly ")[1].split()
    assert run(typed) == 1
    assert "as a test   dayfly replay" in capfd.readouterr()[0]


def test_where_nothing_was_saved_it_is_found_again(capfd: Captured) -> None:
    options = [CACHED, "--examples", "5", "--clause", "S1"]
    assert run(["verify", *options, "--seed", "4"]) == 1
    out, _ = capfd.readouterr()
    assert f"again       dayfly verify {CACHED} --clause S1 --examples 5 --seed 4\n" in out


def test_the_pytest_file_fails_as_reported_and_passes_once_the_client_is_right(scenario: str, capfd: Captured) -> None:
    code = emitted(capfd, scenario, CACHED, "--emit", "pytest")
    for name, text in (("test_wrong.py", code), ("test_right.py", code.replace("cached_session.py", "recovering.py"))):
        Path(name).write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "1 failed, 1 passed" in ran.stdout
    assert "error[S1] session-reused: session s1 was used twice" in ran.stdout


def test_the_pytest_file_of_a_command_runs_it(scenario: str, capfd: Captured) -> None:
    need("curl")
    command = f"sh {FIXTURES}/clients/curl_cached.sh"
    code = emitted(capfd, scenario, "--command", command, "--one-shot", "--clause", "S1", "--emit", "pytest")
    Path("test_wrong.py").write_text(code, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], capture_output=True, text=True, check=False
    )
    assert "error[S1] session-reused" in ran.stdout


def test_the_pytest_file_of_a_command_gives_it_the_same_clock_and_patience(tmp_path: Path, capfd: Captured) -> None:
    cached = (FIXTURES / "clients/cached_session.mjs").read_text("utf-8")
    dated = cached.replace("if (!sessions.has", "if (Date.now() - started < 3600e3 || !sessions.has")
    (tmp_path / "dated.mjs").write_text(f"const started = Date.now();\n{dated}", "utf-8")
    (tmp_path / "json_lines.mjs").write_bytes((FIXTURES / "clients/json_lines.mjs").read_bytes())
    driven = ["--command", f"{need('node')} dated.mjs", "--patience", "33"]
    code = emitted(capfd, f"{FIXTURES}/scenarios/earlier-today.json", *driven, "--clause", "S1", "--emit", "pytest")
    assert "command_clients(COMMAND, patience=33.0)" in code
    Path("test_wrong.py").write_text(code, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], capture_output=True, text=True, check=False
    )
    assert "error[S1] session-reused" in ran.stdout


def test_an_export_is_there_also_where_a_report_cannot_be_written(scenario: str, capfd: Captured) -> None:
    capfd.readouterr()
    assert run(["replay", scenario, CACHED, "--emit", "curl", "--report", "json:/dev/full"]) == 2
    out, err = capfd.readouterr()
    assert out.startswith("#!/bin/sh")
    assert "/dev/full cannot be written" in err


def test_the_curl_script_ends_as_reported_and_leaves_a_journal_to_be_judged(scenario: str, capfd: Captured, url: str) -> None:
    need("curl")
    ran = in_shell(emitted(capfd, scenario, CACHED, "--emit", "curl"), url)
    assert (ran.returncode, ran.stderr) == (1, "")
    *_, verdict, advice = ran.stdout.splitlines()
    assert verdict == "error[S1] session-reused: session s1 was used twice"
    judge = advice.split("dayfly ")[1].split()
    assert run([*judge, "--admin-token", "admin-token", "--clause", "S1"]) == 1


def test_a_script_that_comes_out_differently_says_where(scenario: str, capfd: Captured, url: str) -> None:
    need("curl")
    script = emitted(capfd, scenario, CACHED, "--emit", "curl").replace('"handshakes":1', '"handshakes":2')
    ran = in_shell(script, url)
    assert ran.returncode == 2
    assert ran.stderr == "not reproduced: the answer was 403 before, and is 200 now\n"


def test_a_script_without_a_mock_says_how_to_start_one(scenario: str, capfd: Captured) -> None:
    need("curl")
    ran = in_shell(emitted(capfd, scenario, CACHED, "--emit", "curl"), "http://127.0.0.1:9")
    assert ran.returncode == 2
    assert "is there a mock at http://127.0.0.1:9? Start one with: dayfly serve" in ran.stderr


def test_where_nothing_is_violated_there_is_nothing_to_write(scenario: str, capfd: Captured) -> None:
    capfd.readouterr()
    assert run(["replay", scenario, RECOVERING, "--emit", "pytest"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.endswith("violates no clause in this scenario, so there is nothing to write\n")


class Stubborn(Small):
    """Keeps its session, tries everything again, and ignores what it is told."""

    kept = ""

    def create(self, guest: Any) -> str:
        self.kept = self.kept or super().create(guest)
        return self.kept

    def post(self, path: str, body: Any) -> Any:
        for _ in range(2):
            try:
                return super().post(path, body)
            except (httpx.HTTPError, ValueError):
                self.token = None
        return super().post(path, body)

    def log_in(self) -> str:
        try:
            return super().log_in()
        except (httpx.HTTPError, ValueError):
            return super().log_in()


CALAMITIES = {
    "a stale id": (Send(BOB, "one"), Advance(3600.25), Send(BOB, "two")),
    "hostile texts": (Send(EVE, "'; exit 0; '\n`id` $HOME \\ {{x}}"), Send(EVE, '# "\u0000" \ud7ff')),
    "told to wait": (Fault("send", "status", status=429, retry_after=30), Send(BOB, "one")),
    "broken after acting": (Fault("send", "status", status=500, after_acting=True), Send(BOB, "one")),
    "a lost answer": (Fault("send", "lost_response"), Send(BOB, "one")),
    "a lost request": (Fault("create", "lost_request"), Fault("token", "lost_request"), Send(BOB, "one"), Send(BOB, "two")),
    "a cut answer": (Fault("create", "truncated_body"), Send(BOB, "one"), Send(BOB, "two")),
    "an opaque refusal": (Fault("send", "opaque_403", times=2), Send(BOB, "one")),
    "slowness": (Fault("send", "latency", seconds=40, where="before"), Send(BOB, "one"), Send(BOB, "two")),
    "a dead id in the middle": (Send(BOB, "one", (Trigger("send", EndSessions()),)),),
    "no scope": (Send(BOB, "one"), RevokeScope(), Send(BOB, "two")),
    "no token is good": (RejectTokens(), Send(BOB, "one")),
    "a restart": (Send(BOB, "one"), RestartClient(), Send(BOB, "two"), Send(BOB, "three")),
    "two at once": (SendParallel((Message(BOB, "one"), Message(EVE, "two"))),),
}


@pytest.mark.parametrize("name", CALAMITIES)
def test_whatever_the_world_does_the_script_repeats_it(name: str, url: str) -> None:
    need("curl")
    with Runner(PythonClients(Stubborn)) as world:
        trace = world.run(Scenario(CALAMITIES[name])).trace
    found = Counterexample(message="what happened", evidence=(), trace=trace)
    script = curl.render(ClauseResult(code="X1", name="whatever", status=Status.VIOLATED, counterexample=found))
    ran = in_shell(script, url)
    assert (ran.returncode, ran.stderr) == (1, "")


# -- reports ---------------------------------------------------------------------------------------------------------


def test_every_kind_of_report_is_written_at_once(capfd: Captured, tmp_path: Path) -> None:
    kinds = {"text": "r.txt", "json": "r.json", "junit": "r.xml", "html": "r.html", "har": "r.har", "markdown": "r.md"}
    wanted = [word for kind, file in kinds.items() for word in ("--report", f"{kind}:{file}")]
    assert run(["verify", CACHED, "--seed", "0", "--examples", "5", "--clause", "S1", *wanted]) == 1
    assert "error[S1]" in Path("r.txt").read_text("utf-8")
    assert json.loads(Path("r.json").read_bytes())["clauses"][0]["status"] == "violated"
    assert ElementTree.parse("r.xml").getroot().attrib["failures"] == "1"
    assert Path("r.html").read_text("utf-8").startswith("<!doctype html>\n")
    assert json.loads(Path("r.har").read_bytes())["log"]["pages"][0]["id"] == "S1"
    assert Path("r.md").read_text("utf-8").startswith("## ")
    capfd.readouterr()
    assert run(["check", "r.har"]) == 1
    assert "error[S1] session-reused: session s1 was used twice" in capfd.readouterr()[0]


def test_standard_output_is_left_to_what_asks_for_it(capfd: Captured) -> None:
    assert run(["verify", CACHED, "--seed", "0", "--examples", "5", "--clause", "S1", "--report", "junit:-"]) == 1
    out, err = capfd.readouterr()
    assert ElementTree.fromstring(out).tag == "testsuites"
    assert "error[S1]" in err


@pytest.mark.parametrize(
    ("report", "problem"),
    [
        ("htlm:x", "there is no report of the kind 'htlm'; did you mean html?"),
        ("html", "'html' must be KIND:PATH, as in json:report.json; - is standard output"),
        ("html:", "'html:' must be KIND:PATH"),
    ],
)
def test_a_report_that_cannot_be_is_refused_before_anything_runs(report: str, problem: str, capfd: Captured) -> None:
    assert run(["verify", CACHED, "--report", report]) == 2
    assert problem in capfd.readouterr()[1]


def test_on_github_failures_are_annotated_and_summaries_added(capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(FIXTURES))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    assert run(["verify", CACHED, "--seed", "0", "--examples", "5", "--clause", "S1", "--report", "markdown:summary.md"]) == 1
    (line,) = [line for line in capfd.readouterr()[0].splitlines() if line.startswith("::")]
    assert line.startswith("::error file=clients/cached_session.py,line=")
    assert Path("summary.md").read_text("utf-8").startswith("before\n## ")


def test_elsewhere_there_are_no_annotations(capfd: Captured) -> None:
    assert run(["verify", CACHED, "--seed", "0", "--examples", "5", "--clause", "S1"]) == 1
    assert "::error" not in capfd.readouterr()[0]


# -- recordings ------------------------------------------------------------------------------------------------------


def test_a_har_file_that_is_none_is_refused_in_a_line(capfd: Captured) -> None:
    Path("x.har").write_text("<html>")
    assert run(["check", "x.har"]) == 2
    out, err = capfd.readouterr()
    looks = "this is not a recording: it looks like a web page; download the recording again, signed in"
    assert (out, err) == ("", f"dayfly: x.har: {looks}\n")
    Path("x.har.gz").write_bytes(b"\x1f\x8b")
    assert run(["check", "x.har.gz"]) == 2
    assert capfd.readouterr()[1].startswith("dayfly: x.har.gz: it cannot be unpacked: ")
    assert run(["check", "missing.har"]) == 2
    assert capfd.readouterr()[1] == "dayfly: missing.har: No such file or directory\n"


def test_a_recording_behind_a_gateway_is_judged_and_it_is_told_how_much_of_it(capfd: Captured) -> None:
    assert run(["check", str(RECORDED), "--report", "markdown:r.md", "--report", "html:r.html", "--report", "json:r.json"]) == 1
    out, _ = capfd.readouterr()
    assert "error[S1] session-reused: session s1 was used twice" in out
    assert "\n  read as requests to the platform: 8 of its 9 entries\n" in out
    assert "read as requests to the platform: 8 of its 9 entries" in Path("r.md").read_text("utf-8")
    assert "read as requests to the platform: 8 of its 9 entries" in Path("r.html").read_text("utf-8")
    assert json.loads(Path("r.json").read_bytes())["extent"] == "read as requests to the platform: 8 of its 9 entries"


def test_a_har_file_of_something_else_does_not_look_green(capfd: Captured) -> None:
    Path("x.har").write_text('{"log": {"entries": []}}')
    assert run(["check", "x.har"]) == 2
    assert "\n  nothing was read: it has no entries\n" in capfd.readouterr()[0]
    Path("x.har").write_text('{"log": {"entries": [{"request": 1}]}}')
    assert run(["check", "x.har"]) == 2
    assert "1 cannot be read (entry 1: it has no request)" in " ".join(capfd.readouterr()[0].split())


def test_the_trace_of_a_counterexample_is_read_as_a_whole(capfd: Captured) -> None:
    run(["verify", CACHED, "--seed", "0", "--examples", "5", "--clause", "S1", "--report", "har:r.har"])
    capfd.readouterr()
    run(["check", "r.har"])
    entries = len(json.loads(Path("r.har").read_bytes())["log"]["entries"])
    assert f"  read as requests to the platform: {entries} of its {entries} entries\n" in capfd.readouterr()[0]


def test_one_of_several_recordings_is_named(capfd: Captured) -> None:
    run(["verify", CACHED, "--seed", "0", "--examples", "20", "--report", "har:all.har"])
    capfd.readouterr()
    assert run(["check", "all.har"]) == 2
    assert "recordings; name one: all.har#S1 (S1, " in capfd.readouterr()[1]
    assert run(["check", "all.har#S1", "--clause", "S1"]) == 1


def test_the_journal_of_a_running_mock_is_judged_as_before(url: str, capfd: Captured) -> None:
    assert run(["check", url, "--admin-token", "admin-token"]) == 2
    assert "not exercised" in capfd.readouterr()[0]
