"""The pytest file: Python that a linter likes, and that says the same as the counterexample."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest
from msgspec.structs import replace

from contracts import scenario
from contracts.judge import Parameters
from contracts.report.exports.pytest import Client, render
from contracts.report.model import ClauseResult
from contracts.scenario import Scenario, Send
from mockserver.journal import Guest
from tests.contracts.report.stories import HOSTILE, hostile, raced, reused

EVIL = "x\"\"\"\n''' \\ {SCENARIO} \ud83d\udc4b \u202e\\".encode("utf-16", "surrogatepass").decode("utf-16")


def spoilt(text: str) -> ClauseResult:
    """A counterexample in which every text is `text`."""
    (result,) = reused().violated
    assert result.counterexample is not None
    evil = Scenario((Send(Guest(text, text), text),), title=text)
    return replace(result, name=text, counterexample=replace(result.counterexample, message=text, scenario=evil))


def constants(code: str) -> dict[str, Any]:
    """Return the assignments at the file's top level."""
    found = [node for node in ast.parse(code).body if isinstance(node, ast.Assign)]
    return {node.targets[0].id: ast.literal_eval(node.value) for node in found if isinstance(node.targets[0], ast.Name)}


@pytest.mark.parametrize("result", [*reused().violated, *raced().violated, *hostile().violated, spoilt(EVIL), spoilt(HOSTILE)])
def test_the_scenario_in_it_is_the_counterexamples(result: ClauseResult) -> None:
    told = constants(render(result, Client("client.py:make")))
    assert result.counterexample is not None
    assert scenario.decode(told["SCENARIO"].encode()) == result.counterexample.scenario
    assert told["TARGET"] == "client.py:make"


@pytest.mark.parametrize("text", [EVIL, HOSTILE, "\\", '"', '""""', "\x00"])
def test_it_is_ascii_and_python_whatever_was_sent(text: str) -> None:
    code = render(spoilt(text), Client(text, command=True))
    assert code.isascii()
    assert all(char.isprintable() for char in code.replace("\n", ""))
    assert constants(code)["COMMAND"] == text
    assert len([node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]) == 1


@pytest.mark.parametrize(
    ("client", "clients"),
    [
        (Client("a.py:make"), "PythonClients(find(TARGET))"),
        (Client("a.py:make", socket=True), "PythonClients(find(TARGET), socket=True)"),
        (Client("node a.mjs", command=True), "command_clients(COMMAND)"),
        (Client("a.py:make", patience=0.5), "PythonClients(find(TARGET), patience=0.5)"),
        (Client("sh a.sh", command=True, one_shot=True), "ProcessClients(COMMAND, one_shot=True)"),
        (Client("node a.mjs", command=True, real_time=True), "ProcessClients(COMMAND)"),
        (
            Client("sh a.sh", command=True, one_shot=True, patience=33.0),
            "ProcessClients(COMMAND, one_shot=True, patience=33.0)",
        ),
    ],
)
def test_it_drives_the_client_as_it_was_driven(client: Client, clients: str) -> None:
    (result,) = reused().violated
    assert f"    clients = {clients}\n" in render(result, client)


def test_it_asks_for_what_was_asked_for() -> None:
    (result,) = reused().violated
    assert "Parameters" not in render(result, Client("a.py:make"))
    code = render(result, Client("a.py:make"), Parameters(delivery="at-least-once", max_attempts=2))
    assert 'Parameters(delivery="at-least-once", max_attempts=2)' in code
    assert "def test_s1_session_reused() -> None:" in code
    assert 'clauses=("S1",)' in code


@pytest.mark.parametrize(
    "client",
    [
        Client("a.py:make"),
        Client("node a.mjs", command=True, one_shot=True),
        Client("node a.mjs", command=True, one_shot=True, patience=3600.0),
    ],
)
def test_a_linter_has_nothing_to_say(client: Client) -> None:
    (result,) = raced().violated
    code = render(result, client, Parameters(max_age=2))
    for command in (["check", "--select", "E,F,I,UP,W", "--line-length", "120"], ["format", "--check", "--line-length", "120"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", command[0], "--isolated", *command[1:], "-"],
            input=code,
            text=True,
            capture_output=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout
