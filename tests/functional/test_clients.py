"""The shipped clients and the verdict each of them earns, by the command that anybody would type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contracts.cli import run
from tests.need import need

CLIENTS = Path(__file__).parents[2] / "fixtures" / "clients"
pytestmark = pytest.mark.slow

FEW = ("--examples", "2")
"""Each scenario of a client in a process of its own starts one, and that of one-shot clients waits in real time."""


class Shipped(NamedTuple):
    """A client's file, how it is verified, and what else it needs."""

    file: str
    options: tuple[str, ...]
    program: str = ""


def in_process(file: str) -> Shipped:
    return Shipped(file, (f"{CLIENTS / file}:factory",))


def with_node(file: str) -> Shipped:
    return Shipped(file, ("--command", f"node {CLIENTS / file}", *FEW), "node")


def with_ruby(file: str) -> Shipped:
    return Shipped(file, ("--command", f"ruby {CLIENTS / file}", *FEW), "ruby")


def with_curl(file: str) -> Shipped:
    return Shipped(file, ("--command", f"sh {CLIENTS / file}", "--one-shot", *FEW), "curl")


CACHING = [
    in_process("cached_session.py"),
    with_node("cached_session.mjs"),
    with_ruby("cached_session.rb"),
    with_curl("curl_cached.sh"),
]
FRESH = [in_process("fresh_session.py"), in_process("fresh_session_async.py"), with_node("fresh_session.mjs")]
RECOVERING = [
    in_process("recovering.py"),
    in_process("recovering_async.py"),
    with_node("recovering.mjs"),
    with_ruby("recovering.rb"),
    with_curl("curl.sh"),
]
IDLE = in_process("does_nothing.py")


@pytest.fixture(autouse=True)
def ids_are_kept_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def verified(client: Shipped, folder: Path, *options: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status, and the clauses of the JSON report by their codes."""
    if client.program:
        need(client.program)
    report = folder / "report.json"
    status = run(["verify", *client.options, *options, "--seed", "0", "--report", f"json:{report}"])
    clauses = json.loads(report.read_text("utf-8"))["clauses"]
    return status, {clause["code"]: clause for clause in clauses}


def having(status: str, clauses: dict[str, dict[str, Any]]) -> set[str]:
    return {code for code, clause in clauses.items() if clause["status"] == status}


def by_file(clients: list[Shipped]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("client", clients, ids=lambda client: client.file)


@by_file(CACHING)
def test_a_client_that_keeps_ids_is_shown_so_in_two_messages(client: Shipped, tmp_path: Path) -> None:
    status, clauses = verified(client, tmp_path, "--walk", "off", "--clause", "S1")
    assert status == 1
    assert having("violated", clauses) == {"S1"}
    items = clauses["S1"]["counterexample"]["scenario"]["items"]
    assert len(items) <= 3


@by_file(FRESH)
def test_the_threads_client_never_reuses_an_id_and_gives_up_at_a_dead_one(client: Shipped, tmp_path: Path) -> None:
    status, clauses = verified(client, tmp_path, "--clause", "S1", "--clause", "R2", "--clause", "D3")
    assert status == 1
    assert having("held", clauses) == {"S1", "D3"}
    assert having("violated", clauses) == {"R2"}


@by_file(RECOVERING)
def test_a_client_that_recovers_breaks_nothing(client: Shipped, tmp_path: Path) -> None:
    status, clauses = verified(client, tmp_path)
    assert status == 0
    assert having("violated", clauses) == set()
    assert {"S1", "S2", "S3", "S4", "A1", "R3", "D2", "D3", "D4", "W1"} <= having("held", clauses)


def test_a_client_that_does_nothing_does_not_pass(tmp_path: Path) -> None:
    status, clauses = verified(IDLE, tmp_path)
    assert status == 1
    assert {"D2", "D3"} <= having("violated", clauses)
    assert {"S1", "S4", "W1"} <= having("not_exercised", clauses)
