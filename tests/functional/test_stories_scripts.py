"""Stories as scripts, really run: the same answers come, whatever is in the texts, and it exits so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from contracts.cli import run
from contracts.stories import library
from contracts.stories.exports import KINDS, render
from contracts.stories.model import AnyStory, Expected, Request, Send, Story
from mockserver.assemble import assemble
from mockserver.control import Control
from mockserver.journal import Guest
from mockserver.live import LiveServer
from mockserver.settings import Settings
from mockserver.web.app import create_app
from tests.contracts.stories.hostile import HOSTILE, STORY
from tests.need import need

SCRIPTS = ["curl", "python", "node"]
TOLD = [
    "too-many-requests",
    "another-clients-id",
    "cut-answer",
    "lost-request",
    "empty-bearer",
    "body-too-large",
    "wrong-method",
]
"""Together they have all that a script can do: repetitions, other clients, broken answers, waits, raw requests."""


class Running(NamedTuple):
    """A mock at a URL, and what can be done to it."""

    url: str
    control: Control


@pytest.fixture(scope="module")
def mock() -> Iterator[Running]:
    """A mock with an admin token, and a policy that no story reckons with."""
    settings = Settings.load(None, {"DAYFLY_POLICY_HANDSHAKES": "3", "DAYFLY_POLICY_MAX_BODY": "100"}, admin_token="admin")
    with assemble(settings) as parts, LiveServer(create_app(parts)) as server:
        yield Running(server.url, Control(parts))


def put_on(story: AnyStory, kind: str, url: str, tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a story's script of this kind."""
    script = tmp_path / f"script{KINDS[kind].suffix}"
    script.write_text(render(story, kind), "utf-8", newline="")
    program = {"curl": ["bash"], "python": [sys.executable], "node": ["node"]}[kind]
    need({"python": "sh"}.get(kind, kind))
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "DAYFLY_ADMIN_TOKEN": "admin", "HOME": str(tmp_path), **variables}
    command = [*program, str(script), url]
    return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("name", TOLD)
def test_a_script_sees_what_the_story_tells(name: str, kind: str, mock: Running, tmp_path: Path) -> None:
    done = put_on(library.find(name), kind, mock.url, tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("token", ["", "  "])
def test_a_bearer_without_a_token_goes_out_with_a_message_too(token: str, kind: str, mock: Running, tmp_path: Path) -> None:
    send = Send(session="x", text="hello", token=token, expect=Expected(401, "authentication.required", "auth.missing"))
    done = put_on(Story(title="An empty Bearer", steps=(send,)), kind, mock.url, tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done


def test_a_request_that_cannot_be_sent_is_no_answer_that_did_not_come(mock: Running, tmp_path: Path) -> None:
    unsendable = Request(path="/x", authorization="a\x00b", expect=Expected("none"))
    done = put_on(Story(title="A header with a NUL", steps=(unsendable,)), "python", mock.url, tmp_path)
    assert done.returncode == 2, done
    assert done.stderr.startswith("could not be checked: Illegal header value"), done


@pytest.mark.parametrize("kind", SCRIPTS)
def test_texts_go_out_as_they_are_and_nobody_obeys_them(kind: str, mock: Running, tmp_path: Path) -> None:
    done = put_on(STORY, kind, mock.url, tmp_path, DAYFLY_KEEP="1")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert all(character.isprintable() or character == "\n" for character in done.stdout)
    assert [path.name for path in tmp_path.iterdir()] == [f"script{KINDS[kind].suffix}"]
    (mine,) = [one["id"] for one in mock.control.organizations() if one["name"] == "dayfly story"]
    (accepted,) = mock.control.tenant(mine).requests.find(reason="message.accepted")
    assert (accepted.text, accepted.guest) == (HOSTILE, Guest(HOSTILE, "eve@example.com"))
    mock.control.delete(mine)


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("expected", [Expected(200), Expected(403, reason="session.idle")])
def test_another_answer_ends_it_with_1(kind: str, expected: Expected, mock: Running, tmp_path: Path) -> None:
    used = library.find("sent-twice")
    last = Send(session="$session", text="again", expect=expected)
    done = put_on(replace(used, steps=(*used.steps[:-1], last)), kind, mock.url, tmp_path)
    assert done.returncode == 1, done
    assert "different: " in done.stderr
    assert "expected" in done.stderr


@pytest.mark.parametrize("kind", SCRIPTS)
def test_nobody_there_ends_it_with_2(kind: str, tmp_path: Path) -> None:
    done = put_on(library.find("sent-twice"), kind, "http://127.0.0.1:1", tmp_path)
    assert done.returncode == 2, done
    assert "could not be checked: " in done.stderr


def test_they_leave_no_organisation_behind(mock: Running) -> None:
    assert [one["id"] for one in mock.control.organizations()] == ["00000000"]


def test_the_python_script_is_a_test_for_pytest_too(mock: Running, tmp_path: Path) -> None:
    environment = {**os.environ, "DAYFLY_URL": mock.url, "DAYFLY_ADMIN_TOKEN": "admin"}
    script = tmp_path / "test_story.py"
    script.write_text(render(library.find("sent-twice"), "python"), "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", str(script)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done


@pytest.mark.parametrize("kind", KINDS)
def test_show_emits_every_kind(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["stories", "show", "sent-twice", "--emit", kind]) == 0
    assert capfd.readouterr().out == render(library.find("sent-twice"), kind)
