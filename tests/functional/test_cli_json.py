"""`--json` on every command: one document on standard output, as `contracts/cli/json.schema.json` describes it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

from contracts.cli import demo, run
from contracts.cli.group import COMMANDS, dayfly
from contracts.report.json import schema as report_schema
from tests.functional.serving import Serving
from tests.functional.talking import Talker
from tests.functional.test_declared import CLIENT
from tests.readmes import ROOT

SCHEMA = json.loads(resources.files("contracts.cli").joinpath("json.schema.json").read_text("utf-8"))
FIXTURES = ROOT / "fixtures"
CACHED = f"{FIXTURES}/clients/cached_session.py:factory"
TWICE = f"{FIXTURES}/scenarios/earlier-today.json"

OFFLINE = [
    ("verify", (CACHED, "--examples", "0", "--walk", "off"), 1),
    ("replay", (TWICE, CACHED), 1),
    ("check", (f"{FIXTURES}/traces/bad/S1.jsonl",), 1),
    ("explain", ("S1",), 0),
    ("explain", ("--list",), 0),
    ("explain", ("N1", "--platform", "acme"), 0),
    ("platform list", (), 0),
    ("platform show", ("oauth",), 0),
    ("platform check", (f"{ROOT}/mockserver/platforms/jenkins.yaml",), 0),
    ("platform new", ("--from", f"{ROOT}/mockserver/openapi/platform.yaml"), 0),
    ("platform schema", (), 0),
    ("stories list", (), 0),
    ("stories show", ("earlier-today",), 0),
    ("stories run", ("sent-twice",), 0),
    ("stories list", ("--platform", "mcp"), 0),
    ("stories show", ("no-session-id", "--platform", "mcp"), 0),
    ("stories run", ("no-session-id", "--platform", "mcp"), 0),
    ("reproduce", (f"{FIXTURES}/recordings/earlier-today.har",), 0),
    ("completion", ("bash",), 0),
]


def commands() -> Iterator[str]:
    """Yield the name of every command, and of every command of a group."""
    context = click.Context(dayfly)
    for name in COMMANDS:
        command = dayfly.get_command(context, name)
        yield from [f"{name} {one}" for one in command.commands] if isinstance(command, click.Group) else [name]


def check(command: str, document: Any) -> None:
    """Check a document against the definition for a command."""
    jsonschema.validate(document, {"$ref": f"#/$defs/{command.replace(' ', '%20')}", "$defs": SCHEMA["$defs"]})


def printed(command: str, arguments: tuple[str, ...], status: int, capfd: pytest.CaptureFixture[str]) -> Any:
    """Run a command with --json. Return what it printed, which has to be one document as described."""
    assert run([*command.split(), *arguments, "--json"]) == status
    document = json.loads(capfd.readouterr().out)
    check(command, document)
    return document


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_takes_it_and_has_a_definition(name: str) -> None:
    command: click.Command | None = dayfly
    for word in name.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    assert "--json" in {flag for parameter in command.params for flag in parameter.opts}
    assert name in SCHEMA["$defs"]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("command", "arguments", "status"), OFFLINE, ids=lambda value: value if isinstance(value, str) else "")
def test_a_command_prints_one_document(
    command: str, arguments: tuple[str, ...], status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    printed(command, arguments, status, capfd)


def test_a_running_mock_is_told_of_in_the_same_way(capfd: pytest.CaptureFixture[str]) -> None:
    with Serving() as server, Talker(server.told) as talker:
        check("serve", server.told)
        talker.login()
        context_id = talker.send(talker.session(), "Welcome back").headers["ININ-Correlation-Id"]
        assert printed("explain", (context_id, "--url", server.url), 0, capfd)["context_id"] == context_id
        assert run(["tail", server.url, "--no-follow", "--json"]) == 0
        lines = capfd.readouterr().out.splitlines()
        for line in lines:
            check("tail", json.loads(line))
        assert len(lines) == 3
        report = printed("probe", (server.url, "--examples", "0", "--clause", "P2"), 0, capfd)
        jsonschema.validate(report, report_schema())


def test_a_declared_platform_is_told_of_in_the_same_way(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    client = tmp_path / "client.py"
    client.write_text(f"MENDED = False\n{CLIENT}")
    scenario = tmp_path / "scenario.json"
    report = printed("verify", (f"{client}:Client", "--platform", "mcp", "--examples", "9"), 1, capfd)
    found = next(clause["counterexample"] for clause in report["clauses"] if "counterexample" in clause)
    scenario.write_text(json.dumps(found["scenario"]))
    printed("replay", (str(scenario), f"{client}:Client", "--platform", "mcp", "--times", "2"), 1, capfd)
    with Serving("--platform", "mcp") as server:
        assert printed("probe", (server.url, "--platform", "mcp"), 0, capfd)["checks"]


@pytest.mark.slow
def test_the_check_of_a_shim_is_one_document(capfd: pytest.CaptureFixture[str]) -> None:
    exercises = f"{FIXTURES}/shims/exercises.py"
    assert run(["shim", "check", "--json", "--tries", "1", "--", sys.executable, exercises]) == 0
    document = json.loads(capfd.readouterr().out)
    check("shim check", document)
    assert document["held"]


@pytest.mark.slow
def test_the_demonstration_says_what_it_has_shown(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(demo, "EXAMPLES", 0)
    assert printed("demo", (), 0, capfd)["shown"]


@pytest.mark.parametrize(
    ("arguments", "command", "message"),
    [
        (["replay", TWICE, CACHED, "--emit", "curl"], "dayfly replay", "--emit takes standard output"),
        (["explain", "00000000-6eac-4059-a810-17b9f286b588", "--emit", "curl"], "dayfly explain", "--emit cannot be combined"),
        (["explain", "S99"], "dayfly explain", "there is no clause 'S99'; did you mean S6?"),
        (["platform", "show", "mpc"], "dayfly platform show", "did you mean 'mcp'?"),
        (["verify", "--sed", "1"], "dayfly verify", "--sed"),
        (["verify", CACHED, "--report", "junit:-"], "dayfly verify", "standard output has room for one report"),
        (["check", "--json", "x.har", "--report", "junit:-"], "dayfly check", "standard output has room for one report"),
        (["stories", "run"], "dayfly stories run", "name a story, or add --all"),
        (["serve", "--port", "0", "--client-secret", "short"], "dayfly serve", "must have at least 8 characters"),
        (["nothing"], "dayfly", "No such command"),
    ],
)
def test_an_error_is_a_document_too(
    arguments: list[str], command: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--json"]) == 2
    out, err = capfd.readouterr()
    document = json.loads(out)
    check("error", document)
    assert document["error"]["command"] == command
    assert message in document["error"]["message"]
    assert err.startswith((f"{command}: ", "dayfly: "))


@pytest.mark.parametrize("name", ["DAYFLY_JSON", "DAYFLY_AS_JSON"])
@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["explain", "S99"], "dayfly explain"),
        (["--debug", "stories", "run"], "dayfly stories run"),
        (["verify", "--sed", "1"], "dayfly verify"),
        (["verify", "--seed", "x"], "dayfly verify"),
        (["verify", "--seed"], "dayfly verify"),
    ],
)
def test_the_variable_does_the_same_for_errors(
    arguments: list[str], command: str, name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capfd.readouterr().out == ""
    monkeypatch.setenv(name, "1")
    assert run(arguments) == 2
    document = json.loads(capfd.readouterr().out)
    check("error", document)
    assert document["error"]["command"] == command


def test_the_address_that_serve_listens_at_is_no_host_of_a_recording(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    recording = str(FIXTURES / "recordings" / "earlier-today.har")
    monkeypatch.setenv("DAYFLY_HOST", "0.0.0.0")
    assert run(["reproduce", recording]) == 0
    monkeypatch.setenv("DAYFLY_HOSTS", "0.0.0.0")
    assert run(["reproduce", recording]) == 2
    assert "0.0.0.0" in capfd.readouterr().err


def test_an_option_is_read_from_the_variable_of_its_name(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAYFLY_CLAUSE", "S98")
    assert run(["verify", CACHED, "--examples", "0"]) == 2
    assert "there is no clause 'S98'" in capfd.readouterr().err
    monkeypatch.setenv("DAYFLY_EMIT", "prose")
    assert run(["stories", "show", "earlier-today"]) == 2
    assert "the variable DAYFLY_EMIT" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["shim", "check", "--tries", "0", "--", "client", "--json"], ["verify", "--command", "--json", "--seed", "x"]]
)
def test_what_is_no_option_of_the_command_asks_for_no_document(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert capfd.readouterr().out == ""


def test_an_error_after_the_report_does_not_add_a_second_document(capfd: pytest.CaptureFixture[str]) -> None:
    arguments = ["verify", CACHED, "--examples", "0", "--walk", "off", "--clause", "S1", "--report", "junit:/dev/full"]
    assert run([*arguments, "--json"]) == 2
    out, err = capfd.readouterr()
    check("verify", json.loads(out))
    assert "/dev/full cannot be written" in err


def test_without_it_an_error_is_for_people_alone(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "S99"]) == 2
    assert capfd.readouterr().out == ""


def test_a_reader_that_has_gone_takes_no_error() -> None:
    command = f"{sys.executable} -m contracts.cli explain S99 --json | :"
    assert subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False).stderr.count("\n") == 1
