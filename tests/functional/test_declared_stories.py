"""Stories of declared platforms: told in process, at a URL, and as scripts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from flask import Flask

from contracts import cli
from contracts.stories import library
from contracts.stories.exports import KINDS, render
from contracts.stories.run import run
from contracts.stories.stage import MockInProcess
from mockserver import LiveServer
from mockserver.declared.mock import Mock
from mockserver.platform import compile_platform, find
from mockserver.settings import Settings
from mockserver.web.declared import create_declared_app
from tests.need import need

PLATFORMS = ("acme", "jenkins", "mcp", "oauth")
EVERY = [(platform, name) for platform in PLATFORMS for name in library.names(platform)]


@pytest.fixture(scope="module", params=PLATFORMS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A platform, and the URL of its mock, which asks for a token."""
    app = create_declared_app(Mock(compile_platform(find(request.param))), Settings(admin_token="admin"))
    with LiveServer(app) as live:
        yield request.param, live.url


@pytest.mark.parametrize(("platform", "name"), EVERY)
def test_a_story_goes_as_it_tells(platform: str, name: str) -> None:
    place = MockInProcess(compile_platform(find(platform)))
    assert run(library.find(name, platform), place).outcome == "as expected"


def test_each_platform_has_a_story_of_each_guard_s_refusal() -> None:
    for platform in PLATFORMS:
        stories = [library.find(name, platform) for name in library.names(platform)]
        reasons = {getattr(step, "expect", None) and step.expect.reason for story in stories for step in story.steps}
        told = {str(reason).partition(".")[0] for reason in reasons if reason}
        compiled = compile_platform(find(platform))
        assert told >= {name for name in compiled.order if compiled.kinds[name].issued}


def test_a_step_with_an_unknown_field_is_told_which_it_may_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = {"version": 1, "platform": "mcp", "steps": [{"op": "fault", "operation": "ping", "kind": "status"}]}
    (tmp_path / "story.json").write_text(json.dumps(story))
    assert cli.run(("stories", "run", "--platform", "mcp", str(tmp_path / "story.json"))) == 2
    assert "$.steps[0]: Object contains unknown field `kind`; known are operation, fault" in capsys.readouterr().err


def test_they_are_told_at_a_url_whose_clock_runs_on(served: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    platform, url = served
    assert cli.run(("stories", "run", "--platform", platform, "--all", "--url", url, "--admin-token", "admin")) == 0
    assert f"{len(library.names(platform))} as expected" in capsys.readouterr().out
    shown = {"Authorization": "Bearer admin"}
    assert httpx.get(f"{url}/__admin/clock", headers=shown).json()["frozen"] is False
    assert httpx.get(f"{url}/__admin/faults", headers=shown).json() == {"faults": []}


@pytest.mark.parametrize("kind", ["curl", "python", "node"])
def test_a_script_sees_what_a_story_tells(kind: str, served: tuple[str, str], tmp_path: Path) -> None:
    need({"python": "sh"}.get(kind, kind))
    platform, url = served
    for name in library.names(platform)[::2]:
        script = tmp_path / f"script{KINDS[kind].suffix}"
        script.write_text(render(library.find(name, platform), kind), "utf-8", newline="")
        program = {"curl": "bash", "python": sys.executable, "node": "node"}[kind]
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "DAYFLY_ADMIN_TOKEN": "admin", "HOME": str(tmp_path)}
        words = [program, str(script), url]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), (name, done)


def test_a_story_that_goes_otherwise_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = json.loads(library.raw("no-session-id", "mcp"))
    story["steps"][1]["expect"]["reason"] = "session.idle"
    path = tmp_path / "story.json"
    path.write_text(json.dumps(story))
    assert cli.run(("stories", "run", "--platform", "mcp", str(path), "--json")) == 1
    printed = capsys.readouterr()
    assert "expected 400 session.idle, got 400 session.missing" in printed.err
    assert json.loads(printed.out)["stories"][0]["outcome"] == "different"


def test_a_service_that_cannot_be_controlled_is_asked_what_it_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    with LiveServer(create_declared_app(Mock(compile_platform(find("mcp"))))) as live:
        words = ("stories", "run", "--platform", "mcp", "--all", "--url", live.url)
        assert cli.run((*words, "--client-id", "none", "--client-secret", "none")) == 0
    told = capsys.readouterr().out
    assert "3 as expected, 2 skipped" in told
    assert "it waits for 3599 s; --wait 3599 allows that" in told
    assert "fault needs a control API" in told


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("show", "--platform", "mcp", "no-sesion-id"), "did you mean no-session-id"),
        (
            ("run", "--platform", "mcp", "{step}"),
            "$.steps[0].operation: 'initialise' is not declared; did you mean 'initialize'",
        ),
        (("run", "--platform", "mcp", "{name}"), "$.steps[0].show.session: no step before has saved `mine`"),
        (("run", "--platform", "mpc", "--all"), "did you mean 'mcp'"),
        (("run", "--platform", "acme", "{good}"), "good.json: this is a story of the platform mcp; add --platform mcp"),
        (("show", "{good}"), "good.json: this is a story of the platform mcp; add --platform mcp"),
        (("run", "--platform", "mcp", "{webchat}"), "this is a story of the platform webchat; leave out --platform"),
        (("run", "--platform", "mcp", "{header}"), "$.steps[0]: the header Mcp-Session-Id can only have printable ASCII"),
        (("show", "--platform", "mcp", "{policy}"), "$.policy: is for the web chat"),
        (("show", "{number}"), "number.json: $.platform: Expected `str`, got `int`"),
    ],
)
def test_what_is_wrong_is_told(
    words: tuple[str, ...], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = {"version": 1, "platform": "mcp", "title": "A story"}
    steps = {"step": {"op": "call", "operation": "initialise"}}
    steps["name"] = {"op": "call", "operation": "callTool", "show": {"session": "$mine"}}  # type: ignore[dict-item]
    steps["header"] = {"op": "call", "operation": "callTool", "show": {"session": "s\xe9ssion"}}  # type: ignore[dict-item]
    written = {name: {**story, "steps": [step]} for name, step in steps.items()}
    written["good"] = json.loads(library.raw("no-session-id", "mcp"))
    written["policy"] = {**written["good"], "policy": {"ttl": 5}}
    written["number"] = {**json.loads(library.raw("sent-twice")), "platform": 5}
    written["webchat"] = json.loads(library.raw("sent-twice"))
    for name, document in written.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    files = {name: str(tmp_path / f"{name}.json") for name in written}
    assert cli.run(("stories", *(word.format(**files) for word in words))) == 2
    assert problem in " ".join(capsys.readouterr().err.split())


def test_a_story_may_name_the_web_chat(tmp_path: Path) -> None:
    path = tmp_path / "story.json"
    path.write_text(json.dumps({**json.loads(library.raw("sent-twice")), "platform": "webchat"}))
    assert cli.run(("stories", "run", str(path))) == 0
    assert cli.run(("stories", "run", "--platform", "webchat", str(path))) == 0


def test_a_server_that_is_no_mock_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    app = Flask(__name__)
    app.add_url_rule("/<path:_>", view_func=lambda _: "<p>Welcome", methods=["GET", "POST", "DELETE"])
    with LiveServer(app) as live:
        assert cli.run(("stories", "run", "--platform", "oauth", "an-old-refresh-token", "--url", live.url)) == 2
    assert "the answers under /__admin are not those of a mock's control API" in capsys.readouterr().err


def test_only_a_mock_has_a_control_api(capsys: pytest.CaptureFixture[str]) -> None:
    app = Flask(__name__)
    app.add_url_rule("/<path:_>", view_func=lambda _: "<p>Welcome", methods=["GET", "POST", "DELETE"])
    with LiveServer(app) as live:
        cli.run(("probe", "--platform", "oauth", live.url))
    assert "needs a control API" in capsys.readouterr().out
