"""The conformance kit: right shims keep every check, and each wrong one breaks the check that is named after its mistake."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts import cli
from contracts.cli.group import dayfly
from contracts.clients.conformance.checks import CHECKS, run
from contracts.clients.conformance.subject import ShimSubject, Violated
from tests.contracts.clients.virtual.speaking import PATIENCE, ROOT, fake
from tests.need import need

pytestmark = pytest.mark.slow

EXERCISES = ROOT / "fixtures" / "shims"
SOON = 1.0
"""Seconds for which a shim that has said hello is waited for."""

SLOWLY = 3.0
"""Seconds for which a process is waited for that never says hello."""

NEVER_COME = {"silent", "no children"}


@pytest.mark.parametrize(("runtime", "ending"), [("node", "mjs"), ("python", "py"), ("ruby", "rb")])
def test_the_shims_that_come_with_it_keep_every_check(runtime: str, ending: str) -> None:
    program = sys.executable if runtime == "python" else need(runtime)
    results = run([program, str(EXERCISES / f"exercises.{ending}")], tries=3)
    assert [(result.check, result.seen) for result in results if result.verdict != "held"] == []


@pytest.mark.parametrize("script", ["read line", "exit 3"])
def test_a_runtime_without_a_shim_is_said_at_once(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["shim", "check", "--patience", "0.5", "--", "sh", "-c", script]) == 2
    said = capsys.readouterr().err
    assert "no process connected to the socket in DAYFLY_TIME" in said
    assert said.endswith(
        "load a shim with the command, or use one of the runtimes for which dayfly has one: Node, Python, Ruby\n"
    )


ANSWERS = "hello()\nwhile asked := line(): say(id=asked['id'], time=now / 1000, first='work', order=[], status=200)\n"

WRONG = {
    "silent": ("hello", "time.sleep(1000)", "a process connected, and said nothing"),
    "another version": ("hello", "hello(2)", "it speaks version 2 of the protocol, and here version 1 is spoken"),
    "nonsense": ("hello", "send('nonsense'); answer()", "it sent b'nonsense'"),
    "too late": ("hello", "say(id=0)\nhello(); line()", "the program ran before the hello was answered"),
    "impatient": ("hello", 'send(\'{"hello": 1}\'); send(\'{"idle": true, "at": 1}\'); answer()', "without being asked"),
    "ended": ("still", "hello(); sys.exit('no luck')", "closed the socket instead of saying that it is idle"),
    "stops": ("still", "hello(); time.sleep(1000)", "it did not say that it is idle for 1 s"),
    "closes": ("still", "hello(); channel.close(); answers.close(); time.sleep(1000)", "closed the socket instead"),
    "own clock": ("still", "hello(); now += 5; idle()", "it says that it is"),
    "own timer": ("still", "hello(); idle(next=now + 5)", "says that a timer is due at"),
    "lies": ("idle", "hello()\nwhile True: idle()", "idle while a line of its input waited to be read"),
    "real clock": ("now", ANSWERS.replace("now / 1000", "time.time() * 1000"), "its clock shows"),
    "no sleep": ("next", ANSWERS, "an hour took no time"),
    "no moment": ("next", "hello(); line()\nwhile True: idle()", "says that a timer is due at None"),
    "too early": ("next", "hello(); asked = line(); idle(next=now + 3600_000_000); say(id=1); line()", "before its moment"),
    "never": ("next", "hello(); line(); due = now + 3600_000_000\nwhile True: idle(next=due)", "did not strike at its moment"),
    "no order": ("order", ANSWERS, "which were due at once, struck as"),
    "input late": ("input", "hello(); line(); idle(next=now + 1_000_000); say(id=1); say(id=2); idle()", "the order [1, 2]"),
    "false idle": ("work", ANSWERS.replace("'work'", "'timer'"), "in try 1 a timer of a millisecond struck"),
    "no request": ("platform", ANSWERS, "before it had connected to the platform"),
    "restless": ("rest", "hello(); line(); idle(next=now + 1_000_000); say(id=1); idle()", "though no time passed"),
    "no children": ("processes", ANSWERS, "no process connected"),
    "fails": ("end", "hello(); line(); sys.exit(3)", "it ended with the exit status 3"),
    "goes on": ("end", "hello()\nwhile True: idle()", "it went on for 1 s"),
    "outlives": ("closed", 'hello(); send(\'{"idle": true, "at": 1}\'); answers.readline(); time.sleep(1000)', "it went on"),
    "twice": (
        "once",
        "other = socket.socket(socket.AF_UNIX); other.connect(os.environ['DAYFLY_TIME']); hello(); line()",
        "twice",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_shim_breaks_the_check_of_that_name(tmp_path: Path, mistake: str) -> None:
    name, body, seen = WRONG[mistake]
    (check,) = (check for check in CHECKS if check.name == name)
    words = shlex.split(fake(tmp_path, body + "\n"))
    starting = SLOWLY if mistake in NEVER_COME else PATIENCE
    with ShimSubject(words, tries=1, patience=SOON, starting=starting) as subject, pytest.raises(Violated) as violated:
        check.test(subject)
    assert seen in str(violated.value)


def test_the_command_names_each_check_and_says_what_to_do(tmp_path: Path) -> None:
    command = shlex.split(fake(tmp_path, "hello(2)\n"))
    told = CliRunner().invoke(dayfly, ["shim", "check", "--patience", "10", "--", *command])
    assert told.exit_code == 1
    first, seen, advice, *_, last = told.stdout.splitlines()
    assert first.startswith("hello      violated  says hello, version 1,")
    assert seen.endswith("= seen: it speaks version 2 of the protocol, and here version 1 is spoken")
    assert advice.endswith("= help: connect to the socket in DAYFLY_TIME first of all, send the line, and block in a read")
    assert last == "0 held, 14 violated"
    as_json = json.loads(CliRunner().invoke(dayfly, ["shim", "check", "--json", "--patience", "10", "--", *command]).stdout)
    assert (as_json["held"], as_json["checks"][0]["check"], as_json["checks"][0]["verdict"]) == (False, "hello", "violated")


def test_a_command_that_is_no_program_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["shim", "check", "--", "/nowhere/program"]) == 2
    assert "'/nowhere/program' cannot be started" in capsys.readouterr().err
