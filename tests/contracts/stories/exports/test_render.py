"""Stories as scripts: what must never be in them, whatever is in the story."""

from __future__ import annotations

import ast
import json

import pytest

from contracts.scenario import Advance
from contracts.stories.codec import decode
from contracts.stories.declared import Ask, DeclaredStory
from contracts.stories.exports import DEFAULT_URL, KINDS, command, render
from contracts.stories.model import Create, Expected, Request, Send, Story, Token
from mockserver.journal import Guest
from tests.contracts.stories.hostile import HOSTILE, STORY

SCRIPTS = [kind for kind in KINDS if kind != "json"]
USED = Story(
    title="One id, two messages",
    summary="First sentence. Second sentence.",
    steps=(
        Token(save="token"),
        Create(guest=Guest("Ann", "ann@example.com"), save="session"),
        Send(session="$session", text="hello"),
        Advance(0.5),
        Send(session="$session", text="again", times=3, expect=Expected(403, "not.authorized", "session.foreign", 7)),
        Request(path="/x", method="GET", content_type=None, expect=Expected(404)),
    ),
)


UNUSABLE = [
    *("http://x'; rm -rf y; '", "http://$(id)", 'http://"', "http://a}b", "javascript:x", "http:", "http://", "http:///"),
    *(
        "http://a;id",
        "http://a:b",
        "http://a/$(id)",
        "http://a?x&id",
        "http://[::1",
        "http://[::g]",
        "http://\u0430",
        "unix:/x",
        "http://u:p@x",
    ),
]


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_script_says_what_it_is_and_how_it_is_run(kind: str) -> None:
    head = render(USED, kind)[:900]
    assert head.startswith("#!/usr/bin/env ")
    for said in ("One id, two messages", "First sentence. Second sentence.", "DAYFLY_ADMIN_TOKEN", "Exit status"):
        assert said in head
    assert ("pip install httpx" in head) == (kind == "python")


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("url", ["http://mock.internal:9000", "https://mock.internal/dayfly/1", "http://[::1]:9000"])
def test_a_script_runs_on_the_mock_that_it_was_written_for(kind: str, url: str) -> None:
    written = render(USED, kind, url)
    assert written.count(url) == 2  # in the heading, and where it is used
    assert DEFAULT_URL not in written


@pytest.mark.parametrize("kind", SCRIPTS)
@pytest.mark.parametrize("url", UNUSABLE)
def test_a_url_that_a_shell_may_obey_is_in_no_script(kind: str, url: str) -> None:
    assert render(USED, kind, url) == render(USED, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", UNUSABLE)
def test_a_url_that_a_shell_may_obey_is_in_no_command(kind: str, url: str) -> None:
    assert command(USED, kind, "file", url) == command(USED, kind, "file", DEFAULT_URL)


def test_a_command_is_quoted() -> None:
    assert command(USED, "curl", "a b.sh", "http://[::1]:1/x") == "bash 'a b.sh' 'http://[::1]:1/x'"
    story = DeclaredStory(title="t", platform="my {x}.yaml", steps=(Ask(operation="work"),))
    assert (
        command(story, "json", "x.json", DEFAULT_URL)
        == f"dayfly stories run --platform 'my {{x}}.yaml' x.json --url {DEFAULT_URL}"
    )


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_script_is_printable_and_nothing_in_it_breaks_out_of_a_comment(kind: str) -> None:
    written = render(STORY, kind)
    assert all(character.isprintable() or character == "\n" for character in written)
    comments = [line for line in written.split("\n") if line.lstrip().startswith("// " if kind == "node" else "# ")]
    assert sum("BREAKOUT" in line for line in comments) >= 3


def test_the_curl_script_writes_and_prints_names_as_they_are() -> None:
    script = render(Story(title="Zoë waits", steps=(Create(guest=Guest("Zoë", "zoe@example.com")),)), "curl")
    assert "\n# Zoë waits\n" in script
    assert "\n# 1  POST /webchat/sessions for Zoë" in script
    assert "\ncall '1  POST /webchat/sessions for Zoë" in script


def test_the_python_script_holds_the_texts_as_they_are() -> None:
    literals = {node.value for node in ast.walk(ast.parse(render(STORY, "python"))) if isinstance(node, ast.Constant)}
    bodies = [json.loads(text) for text in literals if isinstance(text, str) and text.startswith('{"guest"')]
    assert {"guest": {"name": HOSTILE, "email": "eve@example.com"}} in bodies


def test_the_story_file_is_the_story() -> None:
    assert decode(render(STORY, "json").encode()) == STORY


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("curl", ["expect 403 not.authorized session.unknown 7", "for ((i = 0; i < 3; i++)); do", "world POST /clock/advance"]),
        (
            "python",
            ["expect(answer, 403, code='not.authorized', reason='session.unknown', retry_after=7)", "for _ in range(3):"],
        ),
        ("node", ['expect(answer, 403, "not.authorized", "session.unknown", 7);', "for (let i = 0; i < 3; i += 1) {"]),
    ],
)
def test_answers_repetitions_and_clock_steps_are_in_it(kind: str, lines: list[str]) -> None:
    written = render(USED, kind)
    assert [line for line in lines if line not in written] == []
    assert "/clock/advance" in written


@pytest.mark.parametrize("kind", SCRIPTS)
def test_the_organisation_has_the_whole_policy_whatever_the_servers_own(kind: str) -> None:
    for name in ("ttl", "idle_timeout", "max_tokens_per_client", "max_body"):
        assert f"{name}" in render(USED, kind)
