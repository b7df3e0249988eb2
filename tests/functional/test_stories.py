"""`dayfly stories`, as somebody at a terminal or a CI job meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.cli import run
from contracts.report.cells import width
from contracts.stories import library
from mockserver.assemble import assemble
from mockserver.live import LiveServer
from mockserver.settings import Settings
from mockserver.web.app import create_app

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    """A mock with an admin token, and a policy of its own."""
    settings = Settings.load(
        None, {"DAYFLY_POLICY_HANDSHAKES": "3"}, admin_token="admin", client_id="ci", client_secret="ci-secret"
    )
    with assemble(settings) as parts, LiveServer(create_app(parts)) as server:
        yield server


def test_the_threads_own_story_is_listed_first(capfd: Captured) -> None:
    assert run(["stories", "list"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split(maxsplit=1) == ["earlier-today", "A session id from earlier today"]
    assert len(lines) >= 20
    assert run(["stories", "list", "--json"]) == 0
    assert [row["name"] for row in json.loads(capfd.readouterr().out)] == library.names()


@pytest.mark.parametrize("name", library.names())
def test_a_story_is_shown_within_eighty_columns(name: str, capfd: Captured) -> None:
    assert run(["stories", "show", name]) == 0
    shown = capfd.readouterr().out
    assert max(map(width, shown.splitlines())) <= 80
    assert library.find(name).title in shown


def test_show_tells_steps_and_answers(capfd: Captured) -> None:
    assert run(["stories", "show", "created-too-early"]) == 0
    steps = [line.split() for line in capfd.readouterr().out.splitlines() if line[:4].strip().isdigit()]
    assert steps[2] == ["3", "advance(seconds=30.0)"]
    assert steps[3][-2:] == ["403", "session.idle"]


def test_all_are_as_expected_in_process_and_on_a_running_mock(server: LiveServer, capfd: Captured) -> None:
    assert run(["stories", "run", "--all"]) == 0
    here = capfd.readouterr().out.splitlines()
    assert run(["stories", "run", "--all", "--url", server.url, "--admin-token", "admin"]) == 0
    there = capfd.readouterr().out.splitlines()
    assert here[:-1] == there[:-1]
    assert there[-1] == f"{server.url}: {len(library.names())} as expected"


def test_as_a_client_what_can_be_seen_is_compared_and_the_rest_is_skipped(server: LiveServer, capfd: Captured) -> None:
    given = ["--url", server.url, "--client-id", "ci", "--client-secret", "ci-secret"]
    names = ["literal-placeholder-id", "made-up-token", "created-too-early", "scope-taken-away"]
    assert run(["stories", "run", *names, *given, "--json"]) == 0
    out, err = capfd.readouterr()
    told = {story["name"]: story["outcome"] for story in json.loads(out)["stories"]}
    assert told == dict(zip(names, ["as expected", "as expected", "skipped", "skipped"], strict=True))
    assert "--wait 30 allows that" in err
    assert run(["stories", "run", "scope-taken-away", *given]) == 2  # nothing was put on
    assert run(["stories", "run", "sent-twice", *given]) == 1  # that server's policy lets a session take three messages
    assert "expected 403 session.consumed, got 200" in capfd.readouterr().out


def test_a_file_is_put_on_like_a_story(tmp_path: Path, capfd: Captured) -> None:
    assert run(["stories", "show", "sent-twice", "--emit", "json"]) == 0
    mine = tmp_path / "mine.json"
    mine.write_text(capfd.readouterr().out.replace("session.consumed", "session.idle"), "utf-8")
    assert run(["stories", "run", str(mine)]) == 1
    out = capfd.readouterr().out
    assert out.startswith("differs  ")
    assert "expected 403 session.idle, got 403 session.consumed" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "earler-today"], "did you mean earlier-today?"),
        (["run", "xyzzy"], "`dayfly stories list` shows the names"),
        (["run", "missing.json"], "missing.json: No such file"),
        (["run"], "name a story, or add --all"),
        (["run", "--all", "sent-twice"], "name a story, or add --all"),
        (["run", "sent-twice", "--client-id", "ci"], "go together"),
        (["run", "sent-twice", "--client-id", "ci", "--client-secret", "x"], "is for a provider at --url"),
        (["run", "sent-twice", "--url", "http://127.0.0.1:1"], "no answer"),
        (["run", "sent-twice", "--url", "nowhere"], "is not the URL of a provider"),
        (["show", "sent-twice", "--emit", "cobol"], "'cobol' is not"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments: list[str], words: str, capfd: Captured) -> None:
    assert run(["stories", *arguments]) == 2
    err = capfd.readouterr().err
    assert words in err
    assert "Traceback" not in err


def test_a_wrong_admin_token_is_said_so(server: LiveServer, capfd: Captured) -> None:
    assert run(["stories", "run", "sent-twice", "--url", server.url, "--admin-token", "wrong"]) == 2
    assert "401" in capfd.readouterr().err
