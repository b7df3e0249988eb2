"""The curl script as a shell reads it, whatever a client sent. Other tests run it against a mock."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from msgspec.structs import replace

from contracts.report.exports.curl import render
from contracts.report.exports.shell import comment, word
from contracts.report.model import ClauseResult, Report
from tests.contracts.report.stories import HOSTILE, hostile, raced, recorded, reported, reused
from tests.contracts.tape import Tape

EVIL = ["'; rm -rf /; '", '"$(id)"', "`id`", "$HOME", "a\nexit 0\n", "\\", "!!", "*", "", HOSTILE, "# x", "-v", "@/etc/passwd"]


def only(report: Report) -> ClauseResult:
    (result,) = report.violated
    return result


def steps(result: ClauseResult) -> list[str]:
    """The script's own lines, without what all scripts have in common."""
    return render(result).partition("\nadmin /organizations")[2].splitlines()


@pytest.mark.parametrize("text", EVIL)
def test_any_text_is_one_word_to_a_shell(text: str) -> None:
    assert shlex.split(word(text)) == [text]
    run = subprocess.run(["sh", "-c", f"printf '%s' {word(text)}"], capture_output=True, check=True)
    assert run.stdout.decode() == text


def test_what_is_a_variable_is_put_in() -> None:
    written = word('{"id":"abc","text":"$abc"}', {"abc": "s1"})
    run = subprocess.run(["sh", "-c", f"s1='x y'; printf '%s' {written}"], capture_output=True, check=True)
    assert run.stdout == b'{"id":"x y","text":"$x y"}'


@pytest.mark.parametrize("text", EVIL)
def test_a_comment_is_one_printable_line(text: str) -> None:
    line = comment(text)
    assert line.startswith("# ")
    assert line.isprintable()


@pytest.mark.parametrize("report", [reused(), raced(), hostile(), recorded()])
def test_it_is_printable_and_a_shell_can_parse_it(report: Report) -> None:
    script = render(only(report))
    assert all(character.isprintable() or character == "\n" for character in script)
    assert subprocess.run(["sh", "-n"], input=script.encode(), check=False).returncode == 0
    assert script.endswith("\nexit 1\n")


def test_ids_and_tokens_are_taken_from_the_answers() -> None:
    told = "\n".join(steps(only(reused())))
    assert "t1=$(field access_token)" in told
    assert "s1=$(field webChatSessionId)" in told
    assert told.count("""data='{"webChatSessionId":"'"$s1"'","text":"0"}\'""") == 2
    assert told.count('-H "Authorization: Bearer $t1"') == 3


def test_lines_that_clash_are_marked() -> None:
    told = [line for line in steps(only(reused())) if "<-" in line]
    assert [shlex.split(line.rstrip("\\"))[1:3] for line in told] == [
        ["3 POST /guests/sendmessage s1 <- first use", "200"],
        ["4 POST /guests/sendmessage s1 <- used again", "403"],
    ]


def test_the_clock_goes_where_the_platform_acted() -> None:
    tape = Tape(idle_timeout=30)
    tape.begin("one")
    tape.token()
    session = tape.create()
    tape.wait(6.25)
    tape.send(session)
    tape.end()
    tape.perturb("advance", seconds=30)
    told = steps(only(reported(tape, "S2")))
    assert [line for line in told if line.startswith(("advance", "# advance", "call"))] == [
        "call '1 POST /oauth/token' 200 POST /oauth/token \\",
        "call '2 POST /webchat/sessions <- created' 200 POST /api/v2/conversations/webchat/sessions \\",
        "advance 6.250",
        "call '3 POST /guests/sendmessage s1 <- used' 200 POST /api/v2/conversations/messaging/external/guests/sendmessage \\",
        "advance 30.000",
        "# advance(seconds=30)",
    ]


def test_the_world_is_perturbed_by_the_control_api() -> None:
    tape = Tape()
    tape.begin("one")
    for what in ("end_sessions", "expire_tokens", "revoke_tokens", "reject_tokens", "accept_tokens", "restart_client"):
        tape.perturb(what)
    tape.perturb("revoke_scope", scope="webchat:session:write")
    tape.perturb("grant_scope", scope="webchat:session:write")
    tape.perturb("fault", kind="latency", operation="send", seconds=3600, where="before", times=1, probability=1.0)
    tape.token()
    session = tape.create()
    tape.send(session)
    tape.send(session, status=403)
    tape.end("failed")
    told = [line for line in steps(only(reported(tape, "S1"))) if line.startswith("world")]
    assert told[1:] == [
        "world /sessions/end '{}'",
        "world /tokens/expire '{}'",
        "world /tokens/revoke '{}'",
        """world /tokens/reject '{"reject":true}'""",
        """world /tokens/reject '{"reject":false}'""",
        """world "/clients/$CLIENT_ID" '{"scopes":[]}' PATCH""",
        """world "/clients/$CLIENT_ID" '{"scopes":["webchat:session:write"]}' PATCH""",
        'world /faults \'{"kind":"latency","operation":"send","seconds":0.001,"where":"before","times":1,"probability":1.0}\'',
    ]


def test_what_was_never_answered_is_told() -> None:
    assert [line for line in steps(only(recorded())) if "never answered" in line] != []
    result = only(recorded())
    assert result.counterexample is not None
    empty = replace(result, counterexample=replace(result.counterexample, trace=result.counterexample.trace[:1], evidence=()))
    assert "call" not in " ".join(steps(empty))


def test_in_real_time_the_moments_between_requests_are_no_steps() -> None:
    tape = Tape("wall", "socket")
    tape.token()
    session = tape.create()
    tape.wait(0.4)
    tape.send(session)
    tape.wait(2)
    tape.send(session, status=403)
    assert [line for line in steps(only(reported(tape, "S1"))) if line.startswith("advance")] == ["advance 2.400"]
