"""`dayfly verify`, `replay`, `check` and `explain`, as somebody at a terminal or a script meets them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from contracts.cli import run
from contracts.report.json import schema
from mockserver.assemble import assemble
from mockserver.live import LiveServer
from mockserver.settings import Settings
from mockserver.web.app import create_app
from tests.need import need
from tests.walked import FIRST

FIXTURES = Path(__file__).parents[2] / "fixtures"
CLIENTS, SCENARIOS, TRACES = FIXTURES / "clients", FIXTURES / "scenarios", FIXTURES / "traces"
CACHED, RECOVERING = f"{CLIENTS}/cached_session.py:factory", f"{CLIENTS}/recovering.py:factory"

Captured = pytest.CaptureFixture[str]


def said(capfd: Captured) -> str:
    """The one line on standard error."""
    out, err = capfd.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.strip()


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")


# -- verify ------------------------------------------------------------------------------------------------------------


def test_a_client_that_holds_exits_0(capfd: Captured) -> None:
    assert run(["verify", RECOVERING, "--seed", "0", "--examples", "20"]) == 0
    out, err = capfd.readouterr()
    assert "S1 session-reused" in out
    assert "violated" not in out
    assert err == ""


def test_a_client_that_breaks_a_clause_exits_1_with_the_smallest_story(capfd: Captured) -> None:
    assert run(["verify", CACHED, "--seed", "0", "--examples", "10", "--clause", "S1"]) == 1
    out, _ = capfd.readouterr()
    assert "error[S1] session-reused: session s1 was used twice" in out
    assert "smallest failing scenario (2 messages, 2 steps" in out
    assert "^^^^^^^^^^^^ first use" in out
    assert "1 violated" in out


def test_a_client_that_does_nothing_does_not_pass(capfd: Captured) -> None:
    assert run(["verify", f"{CLIENTS}/does_nothing.py:factory", "--examples", "0"]) == 1
    assert "error[D2] not-delivered" in capfd.readouterr().out


def test_where_nothing_was_put_to_the_test_it_exits_2(capfd: Captured) -> None:
    assert run(["verify", f"{CLIENTS}/does_nothing.py:factory", "--examples", "0", "--clause", "session-reused"]) == 2
    assert "not exercised" in capfd.readouterr().out


def test_json_is_for_programs_and_text_goes_to_stderr(capfd: Captured) -> None:
    assert run(["verify", CACHED, "--seed", "0", "--examples", "0", "--json"]) == 1
    out, err = capfd.readouterr()
    report = json.loads(out)
    jsonschema.validate(report, schema())
    assert report["seed"] == 0
    assert report["clauses"][0]["counterexample"]["scenario"]["items"][0]["op"] == "send"
    assert "error[S1]" in err


def test_json_that_is_asked_for_twice_is_one_document(capfd: Captured) -> None:
    assert run(["verify", CACHED, "--examples", "0", "--clause", "S1", "--json", "--report", "json:-"]) == 1
    assert json.loads(capfd.readouterr().out)["clauses"][0]["status"] == "violated"


def test_reports_are_written_where_they_are_wanted(tmp_path: Path, capfd: Captured) -> None:
    where = [f"json:{tmp_path}/report.json", f"text:{tmp_path}/report.txt"]
    assert run(["verify", CACHED, "--examples", "0", "--report", where[0], "--report", where[1]]) == 1
    jsonschema.validate(json.loads((tmp_path / "report.json").read_text()), schema())
    assert "error[S1]" in (tmp_path / "report.txt").read_text()


def test_where_reports_add_up_there_is_room_for_several(
    tmp_path: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", f"{tmp_path}/summary.md")
    Path("summary.md").write_text("what stands there\n")
    where = ["text:summary.md", "markdown:./summary.md", "json:/dev/null", "junit:/dev/null"]
    reports = [word for place in where for word in ("--report", place)]
    assert run(["verify", CACHED, "--examples", "0", "--clause", "S1", *reports]) == 1
    written = Path("summary.md").read_text()
    assert written.startswith("what stands there\nerror[S1]")
    assert "breaks the contract" in written


def test_a_report_that_cannot_be_written_does_not_take_the_others_with_it(tmp_path: Path, capfd: Captured) -> None:
    where = ["--report", "json:/dev/full", "--report", f"text:{tmp_path}/report.txt"]
    assert run(["verify", CACHED, "--examples", "0", "--clause", "S1", *where]) == 2
    out, err = capfd.readouterr()
    assert "error[S1]" in out
    assert "error[S1]" in (tmp_path / "report.txt").read_text()
    assert err == "dayfly: /dev/full cannot be written: No space left on device\n"


def test_a_corpus_that_cannot_be_written_does_not_take_the_report_with_it(tmp_path: Path, capfd: Captured) -> None:
    assert run(["verify", CACHED, "--examples", "0", "--clause", "S1", "--corpus", str(tmp_path)]) == 1
    (kept,) = tmp_path.iterdir()
    kept.unlink()
    kept.with_suffix(f".{os.getpid()}").mkdir()
    capfd.readouterr()
    arguments = ["verify", CACHED, "--examples", "0", "--clause", "S1", "--corpus", str(tmp_path), "--json"]
    assert run([*arguments, "--report", f"text:{tmp_path}/report.txt"]) == 2
    out, err = capfd.readouterr()
    problem = f"{kept}: cannot be written: Is a directory"
    report = json.loads(out)
    jsonschema.validate(report, schema())
    assert (report["clauses"][0]["status"], report["unkept"]) == ("violated", [problem])
    assert "error[S1]" in err
    assert err.endswith(f"dayfly: the corpus could not be kept: {problem}\n")
    assert "error[S1]" in (tmp_path / "report.txt").read_text()


def test_what_a_client_prints_does_not_get_in(tmp_path: Path, capfd: Captured) -> None:
    noisy = tmp_path / "noisy.py"
    noisy.write_text(
        "import os, subprocess\n"
        "print('importing')\n"
        "class Client:\n"
        "    def send(self, guest, text):\n"
        "        print('sending')\n"
        "        os.write(1, b'really')\n"
        "        subprocess.run(['echo', 'sent'])\n"
        "def factory(platform):\n"
        "    return Client()\n"
    )
    assert run(["verify", f"{noisy}:factory", "--examples", "0", "--clause", "D3", "--json"]) == 1
    out, err = capfd.readouterr()
    json.loads(out)
    assert {"importing", "sending", "sent"} <= set(err.replace("really", "\n").split())


def test_a_counterexample_can_be_replayed_from_its_file(tmp_path: Path, capfd: Captured) -> None:
    corpus = tmp_path / "corpus"
    assert run(["verify", CACHED, "--examples", "0", "--clause", "S1", "--corpus", str(corpus)]) == 1
    (command,) = [line for line in capfd.readouterr().out.splitlines() if line.strip().startswith("reproduce")]
    words = shlex.split(command)[1:]
    assert words[:2] == ["dayfly", "replay"]
    assert run(words[1:]) == 1
    assert "error[S1]" in capfd.readouterr().out
    assert run(["replay", words[2], RECOVERING]) == 0


def test_what_is_printed_can_be_pasted_wherever_the_client_is(tmp_path: Path, capfd: Captured) -> None:
    client = tmp_path / "src dir" / "cached_session.py"
    client.parent.mkdir()
    client.write_bytes((CLIENTS / "cached_session.py").read_bytes())
    target = f"{client}:factory"
    assert run(["verify", target, "--examples", "0", "--clause", "S1", "--corpus", str(tmp_path / "corpus"), "--socket"]) == 1
    lines = [line.split(maxsplit=1) for line in capfd.readouterr().out.splitlines() if line.strip().startswith("reproduce")]
    words = shlex.split(lines[0][1])
    assert words[3:] == [target, "--socket"]
    assert run(words[1:]) == 1


@pytest.mark.slow
def test_a_node_client_is_judged(capfd: Captured) -> None:
    need("node")
    client = shlex.join(["node", str(CLIENTS / "cached_session.mjs")])
    assert run(["verify", "--command", client, "--walk", "off", "--examples", "0", "--clause", "S1"]) == 1
    out, _ = capfd.readouterr()
    assert "error[S1] session-reused" in out
    assert f"client {client}" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "dayfly verify: name one client: TARGET (package.module:factory or path/to/file.py:factory) or --command"),
        ([CACHED, "--command", "x"], "dayfly verify: name one client"),
        ([CACHED, "--one-shot"], "dayfly verify: --one-shot is for --command only"),
        ([CACHED, "--real-time"], "dayfly verify: --real-time is for --command only"),
        (["nothing"], "dayfly: nothing: must be package.module:factory or path/to/file.py:factory"),
        (["nowhere.py:factory"], "dayfly: nowhere.py:factory: there is no file nowhere.py"),
        ([CACHED.replace("factory", "factry")], "did you mean 'factory'?"),
        ([CACHED, "--clause", "S11"], "dayfly: there is no clause 'S11'; did you mean S1?"),
        ([CACHED, "--clause", "sesion-reused"], "dayfly: there is no clause 'sesion-reused'; did you mean session-reused?"),
        ([f"{'n' * 300}.py:factory"], f"there is no file {'n' * 300}.py"),
        ([CACHED, "--platform", "n" * 300], "there is no platform and no file of that name; known are acme, "),
        ([CACHED, "--platform", "."], "platform = '.': is a directory; give a file, or the name of a platform"),
        ([CACHED, "--examples", "many"], "dayfly verify: Invalid value for '--examples': 'many' is not a valid whole number."),
        ([CACHED, "--exmples", "1"], "dayfly verify: No such option '--exmples'. Did you mean '--examples'?"),
        (
            [CACHED, "--report", "pdf:x"],
            "there is no report of the kind 'pdf'; the kinds are allure, har, html, json, junit, markdown, sarif, text,"
            " issue (with --platform)",
        ),
        ([CACHED, "--report", "json:/dev/null/place/x"], "/dev/null/place is not a directory and cannot become one"),
        ([CACHED, "--report", f"json:{CLIENTS}"], "is a directory; name a file in it"),
        ([CACHED, "--report", "json:-", "--report", "html:-"], "standard output has room for one report"),
        ([CACHED, "--report", "json:same", "--report", "junit:./same"], "./same has room for one report"),
        ([CACHED, "--max-age", "nan"], "Invalid value for '--max-age': nan is not a number of seconds."),
        ([CACHED, "--patience", "nan"], "Invalid value for '--patience': nan is not a number of seconds."),
        ([CACHED, "--examples", "0", "--corpus", f"{__file__}/x"], f"dayfly: {__file__}/x: Not a directory"),
        (["--command", "dayfly-no-such-program"], "the command 'dayfly-no-such-program' cannot be started"),
        (["--command", "sh -c 'exit 4'"], "the client ended before it was asked anything: exit status 4"),
        (["--command", "echo hello"], "the client wrote 'hello' on stdout"),
        (["--command", "sh -c 'read x && sleep 1000; true'", "--patience", "0.2"], "the client hangs: for 0.2 s neither"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_and_exits_2(arguments: list[str], words: str, capfd: Captured) -> None:
    assert run(["verify", *arguments]) == 2
    assert words in said(capfd)


def test_a_wrong_value_of_a_variable_names_the_variable(monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    monkeypatch.setenv("DAYFLY_SEED", "abc")
    assert run(["verify", CACHED]) == 2
    assert said(capfd) == "dayfly verify: Invalid value for the variable DAYFLY_SEED: 'abc' is not a valid whole number."
    assert run(["verify", CACHED, "--seed", "abd"]) == 2
    assert said(capfd) == "dayfly verify: Invalid value for '--seed': 'abd' is not a valid whole number."


@pytest.mark.parametrize("arguments", [[], ["--command", "a-client"]])
def test_a_wrong_value_of_a_variable_is_told_before_the_client_is_known(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: Captured
) -> None:
    monkeypatch.setenv("DAYFLY_JSON", "maybe")
    assert run(["verify", *arguments]) == 2
    assert "Invalid value for the variable DAYFLY_JSON: 'maybe' is not a valid boolean." in capfd.readouterr().err


@pytest.mark.parametrize("group", ["platform", "stories", "shim"])
def test_a_group_alone_prints_its_help_as_it_is(group: str, capfd: Captured) -> None:
    assert run([group, "--help"]) == 0
    helped = capfd.readouterr().out
    assert run([group]) == 2
    assert capfd.readouterr().err == helped


def test_a_file_that_is_no_scenario_is_told_what_makes_one(tmp_path: Path, capfd: Captured) -> None:
    (tmp_path / "r.xml").write_text("<testsuites/>")
    assert run(["replay", f"{tmp_path}/r.xml", CACHED]) == 2
    told = "JSON is malformed: invalid character (byte 0); give a scenario file, as `dayfly verify --corpus DIR` saves one"
    assert told in said(capfd)


ANSWERS = """\
import json, os, sys, urllib.request
for line in sys.stdin:
    try:
        urllib.request.urlopen(os.environ["DAYFLY_BASE_URL"] + "/oauth/token", b"")
    except OSError:
        pass
    print(json.dumps({"id": json.loads(line)["id"], "ok": False, "error": "no"}), flush=True)
"""
REAL = "in real time, because the client cannot be in virtual time: its runtime did not say hello"


def test_a_client_that_cannot_be_in_virtual_time_is_judged_in_real_time_and_the_report_says_so(
    tmp_path: Path, capfd: Captured
) -> None:
    script = tmp_path / "client.py"
    script.write_text(ANSWERS)
    command = shlex.join([sys.executable, "-S", str(script)])
    scenario = f"{SCENARIOS}/two-plain-sends.json"
    run(["replay", scenario, "--command", command, "--clause", "D3"])
    assert REAL in capfd.readouterr().out
    run(["replay", scenario, "--command", command, "--clause", "D3", "--real-time"])
    assert "in real time" not in capfd.readouterr().out


def test_a_launcher_in_node_does_not_put_a_client_without_a_shim_into_virtual_time(tmp_path: Path, capfd: Captured) -> None:
    script = tmp_path / "client.py"
    script.write_text(ANSWERS)
    command = shlex.join(["sh", "-c", f"{need('node')} -e 0; exec {shlex.join([sys.executable, '-S', str(script)])}"])
    run(["replay", f"{SCENARIOS}/two-plain-sends.json", "--command", command, "--clause", "D3"])
    out, _ = capfd.readouterr()
    assert "cannot be in virtual time: it asks the platform from a process that did not say hello" in " ".join(out.split())


@pytest.mark.parametrize(("options", "clock"), [([], "virtual time"), (["--real-time"], "wall clock")])
def test_a_client_in_node_is_in_virtual_time_unless_real_time_is_asked_for(
    options: list[str], clock: str, capfd: Captured
) -> None:
    command = f"{need('node')} {CLIENTS}/cached_session.mjs"
    scenario = f"{SCENARIOS}/earlier-today.json"
    assert run(["replay", scenario, "--command", command, "--clause", "S1", *options]) == 1
    out, _ = capfd.readouterr()
    assert f"what reached the mock ({clock})" in out
    assert "in real time" not in out
    assert ("21600.000" in out) == (not options)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return None", "the factory returned NoneType, which has no send(guest, text)"),
        ("raise RuntimeError('no\\nway')", "the factory raised RuntimeError: no way"),
        ("import sys; sys.exit(9)", "the factory raised SystemExit: 9"),
        ("from os import _exit; _exit(0)", "the factory raised SystemExit: os._exit(0) was called"),
        ("import threading; threading.Event().wait()", "the factory did not return"),
    ],
)
def test_a_bad_factory_exits_2(body: str, words: str, tmp_path: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.clients.python.FACTORY_PATIENCE", 0.1)
    (tmp_path / "bad.py").write_text(f"def factory(platform):\n    {body}\n")
    assert run(["verify", f"{tmp_path}/bad.py:factory"]) == 2
    first, *frames = capfd.readouterr().err.splitlines()
    assert words in first
    assert bool(frames) == ("raised" in words)
    assert all("bad.py:2 in factory: " in frame or frame.startswith("  … ") for frame in frames)


def test_options_are_variables_too(capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYFLY_SEED", "5")
    monkeypatch.setenv("DAYFLY_EXAMPLES", "0")
    assert run(["verify", RECOVERING]) == 0
    assert f"{FIRST} runs, seed 5" in capfd.readouterr().out


def test_a_traceback_is_for_those_who_debug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    monkeypatch.setattr("contracts.verify.run.Runner", None)
    assert run(["verify", CACHED]) == 2
    assert said(capfd).startswith("dayfly: internal error: TypeError")
    assert run(["--debug", "verify", CACHED]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.splitlines()[-1].startswith("dayfly: internal error: TypeError")


def test_who_debugs_is_told_apart_from_who_is_violated(monkeypatch: pytest.MonkeyPatch, capfd: Captured) -> None:
    monkeypatch.setenv("DAYFLY_DEBUG", "1")
    assert run(["verify", "nowhere.py:factory"]) == 2
    err = capfd.readouterr().err
    assert "contracts.clients.errors.TargetError" in err
    assert err.splitlines()[-1] == "dayfly: nowhere.py:factory: there is no file nowhere.py"


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_is_told_to_end_says_so_and_leaves_nothing_running(sent: signal.Signals, status: int, tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text(
        "import os, pathlib, sys, time\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        "print('ready', file=sys.stderr, flush=True)\n"
        "sys.stdin.readline()\n"
        "pathlib.Path(sys.argv[1]).open('w').close()\n"
        "time.sleep(1000)\n"
    )
    asked = tmp_path / "asked"
    subprocess.run(["mkfifo", str(asked)], check=True)
    client = shlex.join([sys.executable, "-S", str(slow), str(asked)])
    # The first client is only a trial. It ends with its input, because then nothing reads the pipe.
    command = [sys.executable, "-m", "contracts.cli", "replay", str(SCENARIOS / "two-plain-sends.json"), "--command", client]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        asked.read_bytes()
        process.send_signal(sent)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (status, "")
    assert "Traceback" not in err
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()


def test_a_thread_that_a_client_left_behind_does_not_keep_it_from_its_end(tmp_path: Path) -> None:
    (tmp_path / "stuck.py").write_text(
        "import socket, threading\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool, ends = ThreadPoolExecutor(1), socket.socketpair()\n"
        "class Client:\n"
        "    def send(self, guest, text):\n"
        "        pool.submit(ends[0].recv, 1).result()\n"
        "def factory(platform):\n"
        "    return Client()\n"
    )
    command = [sys.executable, "-m", "contracts.cli", "verify", f"{tmp_path}/stuck.py:factory"]
    options = ["--examples", "0", "--patience", "0.1", "--clause", "D6"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "judge it with --command and --real-time" in " ".join(done.stdout.split())


# -- replay ------------------------------------------------------------------------------------------------------------


def test_a_scenario_file_that_is_none_exits_2(tmp_path: Path, capfd: Captured) -> None:
    odd = tmp_path / "odd.json"
    odd.write_text('{"items": [{"op": "advance", "seconds": -1}]}')
    assert run(["replay", str(odd), CACHED]) == 2
    assert said(capfd).startswith(f"dayfly: {odd}: $.items[0].seconds: ")
    assert run(["replay", str(tmp_path / "none.json"), CACHED]) == 2
    assert "none.json" in said(capfd)


# -- check -------------------------------------------------------------------------------------------------------------


def test_a_recording_is_judged(capfd: Captured) -> None:
    assert run(["check", str(TRACES / "bad" / "S1.jsonl")]) == 1
    assert "error[S1]" in capfd.readouterr().out
    assert run(["check", str(TRACES / "good" / "S1.jsonl")]) == 0


def test_a_recording_that_is_none_exits_2_with_the_line(tmp_path: Path, capfd: Captured) -> None:
    odd = tmp_path / "odd.jsonl"
    odd.write_bytes((TRACES / "good" / "S1.jsonl").read_bytes() + b"{}\n")
    assert run(["check", str(odd)]) == 2
    assert said(capfd).startswith(f"dayfly: {odd}: line ")
    first, *others = (TRACES / "good" / "S1.jsonl").read_bytes().splitlines(keepends=True)
    odd.write_bytes(b"".join([first, *reversed(others)]))
    assert run(["check", str(odd)]) == 2
    assert said(capfd).startswith(f"dayfly: {odd}: the trace is malformed at entry ")
    assert run(["check", str(tmp_path / "none.jsonl")]) == 2
    assert said(capfd).endswith("none.jsonl: No such file or directory")


def test_a_recording_without_end_is_not_read_to_its_end(
    tmp_path: Path, capfd: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = tmp_path / "endless.jsonl"
    with endless.open("wb") as file:
        file.truncate(1 << 40)
    assert run(["check", str(endless)]) == 2
    problem = "this is not a recording: it looks like a binary file; give a HAR file, or a trace of dayfly"
    assert said(capfd) == f"dayfly: {endless}: {problem}"
    monkeypatch.setattr("contracts.cli.sources.MOST_LINES", 3)
    assert run(["check", str(TRACES / "good" / "S1.jsonl")]) == 2
    assert said(capfd).endswith("S1.jsonl has more than 3 entries, which is more than can be judged at once")


def test_a_recording_may_begin_with_the_mark_of_an_editor(tmp_path: Path) -> None:
    marked = tmp_path / "marked.jsonl"
    marked.write_bytes(b"\xef\xbb\xbf" + (TRACES / "good" / "S1.jsonl").read_bytes())
    assert run(["check", str(marked)]) == 0


def test_an_empty_recording_proves_nothing(tmp_path: Path, capfd: Captured) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert run(["check", str(tmp_path / "empty.jsonl")]) == 2


@pytest.fixture
def mock() -> Any:
    settings = Settings(client_id="me", client_secret="my own secret", admin_token="control")
    with assemble(settings) as assembly, LiveServer(create_app(assembly)) as server:
        yield server.url


def use_an_id_twice(url: str) -> httpx.Response:
    api = f"{url}/api/v2/conversations"
    grant = {"grant_type": "client_credentials"}
    with httpx.Client(verify=False) as http:
        token = http.post(f"{url}/oauth/token", auth=("me", "my own secret"), data=grant).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        session = http.post(f"{api}/webchat/sessions", json={}).json()["webChatSessionId"]
        message = {"webChatSessionId": session, "text": "hello"}
        path = f"{api}/messaging/external/guests/sendmessage"
        return [http.post(path, json=message) for _ in range(2)][1]


def test_the_journal_of_a_running_mock_is_judged(mock: str, capfd: Captured) -> None:
    use_an_id_twice(mock)
    assert run(["check", mock, "--admin-token", "control", "--clause", "S1"]) == 1
    assert "session s1 was used twice" in capfd.readouterr().out


def test_a_mock_that_does_not_answer_exits_2(mock: str, capfd: Captured) -> None:
    assert run(["check", mock]) == 2
    assert " answers 401: " in said(capfd)
    assert run(["check", mock, "--admin-token", "control", "--organization", "none"]) == 2
    assert " answers 404: " in said(capfd)
    assert run(["check", "http://127.0.0.1:1"]) == 2
    told = said(capfd)
    assert "there is no mock at http://127.0.0.1:1" in told
    assert told.endswith("; start it with `dayfly serve`, or give the URL that it printed")
    assert run(["tail", "mock.example.com"]) == 2
    assert said(capfd).endswith("; a URL begins with http://, https:// or unix:")


# -- explain -----------------------------------------------------------------------------------------------------------


def test_a_clause_is_explained(capfd: Captured) -> None:
    assert run(["explain", "s1"]) == 0
    out, _ = capfd.readouterr()
    assert out.startswith("S1 session-reused\n")
    assert "wrong" in out


@pytest.mark.parametrize("name", ["session-reused", "Session-Reused", "id-not-fresh"])
def test_a_clause_is_explained_by_its_name_too(name: str, capfd: Captured) -> None:
    assert run(["explain", name]) == 0
    assert capfd.readouterr().out.splitlines()[0].endswith(f" {name.lower()}")


def test_clauses_are_listed(capfd: Captured) -> None:
    assert run(["explain", "--list"]) == 0
    assert capfd.readouterr().out.startswith("S1  session-reused")


def test_lines_fit_narrow_terminals(monkeypatch: pytest.MonkeyPatch, mock: str, capfd: Captured) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    context_id = use_an_id_twice(mock).json()["contextId"]
    for arguments in (["--list"], ["R4"], [context_id, "--url", mock, "--admin-token", "control"]):
        assert run(["explain", *arguments]) == 0
        prose = capfd.readouterr().out.partition("\n  wrong\n")[0]
        long = [line for line in prose.splitlines() if len(line) > 40 and len(line.split()[-1]) < 30]
        assert long == []


def test_who_has_read_enough_gets_no_complaint() -> None:
    command = [sys.executable, "-m", "contracts.cli", "explain", "--list"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, b"")


TRACE = f"{TRACES}/good/S1.jsonl"
REPLAY = f"replay {SCENARIOS}/two-plain-sends.json {RECOVERING}"


def in_shell(command: str) -> subprocess.CompletedProcess[str]:
    """A command of dayfly's, as a shell runs it that redirects what it prints."""
    return subprocess.run(
        ["sh", "-c", f"{shlex.quote(sys.executable)} -m contracts.cli {command}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("command", ["explain S1", "explain --list", f"check {TRACE} --json", REPLAY])
def test_where_standard_output_is_closed_that_is_said(command: str) -> None:
    done = in_shell(f"{command} >&-")
    assert (done.returncode, done.stderr) == (2, "dayfly: standard output is closed\n")
    assert in_shell(f"{command} >&- 2>&-").returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", ["--version", "explain --help", "explain S1", f"check {TRACE}", f"{REPLAY} --json"])
def test_where_standard_output_is_full_that_is_said(command: str) -> None:
    done = in_shell(f"{command} >/dev/full")
    assert done.returncode == 2
    assert done.stderr.endswith("dayfly: cannot write to standard output: No space left on device\n")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["explain S1", f"check {TRACE} --json", f"{REPLAY} --json"])
def test_where_standard_error_is_closed_nothing_else_is_said(command: str) -> None:
    done = in_shell(f"{command} 2>&-")
    assert done.returncode == 0
    assert "session-reused" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--list", "S1"], "--list cannot be combined"),
    ],
)
def test_what_cannot_be_explained_so_is_said(arguments: list[str], words: str, capfd: Captured) -> None:
    assert run(["explain", *arguments]) == 2
    assert words in said(capfd)


def test_what_is_no_clause_gets_a_hint(capfd: Captured) -> None:
    assert run(["explain", "S11"]) == 2
    assert said(capfd) == "dayfly: there is no clause 'S11'; did you mean S1?"
    assert run(["explain", "00000000-6eac-4059"]) == 2
    assert said(capfd) == "dayfly: '00000000-6eac-4059' is not a whole contextId; copy all 36 characters of it"
    assert run(["explain"]) == 2
    assert "name a clause or a contextId" in said(capfd)


def test_an_answer_is_explained(mock: str, capfd: Captured) -> None:
    refused = use_an_id_twice(mock)
    assert refused.status_code == 403
    arguments = ["explain", refused.json()["contextId"], "--url", mock, "--admin-token", "control"]
    assert run(arguments) == 0
    assert "session.consumed" in capfd.readouterr().out
    assert run([*arguments, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["answer"]["reason"] == "session.consumed"


@pytest.mark.parametrize("copied", [" {} ", "{}\n", "ININ-Correlation-Id: {}"])
def test_what_is_to_be_explained_may_come_as_it_was_copied(copied: str, mock: str, capfd: Captured) -> None:
    id = use_an_id_twice(mock).json()["contextId"]
    for text in (copied.format(id), copied.format(id.upper())):
        assert run(["explain", text, "--url", mock, "--admin-token", "control", "--json"]) == 0
        assert json.loads(capfd.readouterr().out)["context_id"] == id
    assert run(["explain", " s1 "]) == 0
    assert capfd.readouterr().out.startswith("S1 session-reused\n")


# -- the group ---------------------------------------------------------------------------------------------------------


def test_help_and_version_load_no_command() -> None:
    heavy = "{'flask', 'httpx', 'hypothesis', 'contracts.judge', 'mockserver.wire'}"
    for argument in ("--help", "--version"):
        code = f"import sys, contracts.cli; contracts.cli.run(['{argument}']); print({heavy} & set(sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "set()"


def test_a_command_that_there_is_not_gets_a_line(capfd: Captured) -> None:
    assert run(["verfy"]) == 2
    assert said(capfd) == "dayfly: No such command 'verfy'. Did you mean 'verify'?"


@pytest.mark.parametrize("command", [["explain"], ["check"], ["reproduce"], ["stories", "show"], ["platform", "show"]])
def test_a_name_that_no_file_can_have_gets_a_line(command: list[str], capfd: Captured) -> None:
    assert run([*command, "n" * 300]) == 2
    assert "internal error" not in said(capfd)


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["verify", "notifer.py:factory"], "notifier.py"),
        (["check", "recording.hra"], "recording.har"),
        (["reproduce", "recordin.har"], "recording.har"),
        (["replay", "twice.jsn", f"{CACHED}"], "twice.json"),
        (["stories", "run", "twcie.json"], "twice.json"),
        (["platform", "check", "ours.yml"], "ours.yaml"),
    ],
)
def test_a_misspelt_file_gets_a_suggestion(
    arguments: list[str], file: str, capfd: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(file).touch()
    assert run(arguments) == 2
    assert said(capfd).endswith(f"; did you mean {file}?")


@pytest.mark.parametrize("target", [f"{'n' * 300}.py:factory", f"{'n' * 300}:factory", "..:factory"])
def test_an_annotation_takes_any_target(target: str, capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run(["verify", target]) == 2
    assert "internal error" not in capfd.readouterr().err
