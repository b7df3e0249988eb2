from __future__ import annotations

import json
import os
import re
import select
import shlex
import sys
from collections.abc import Callable
from itertools import chain, count, repeat
from pathlib import Path

import pytest

from contracts.clients.child import Child, last_lines
from contracts.clients.errors import ClientError, ClientProtocolError
from contracts.clients.process import ProcessClients
from contracts.clients.watched import WatchedHandler
from contracts.runner import Run, Runner
from contracts.scenario import Advance, EndSessions, Item, Message, Scenario, Send, SendParallel, Trigger
from mockserver.journal import Guest, Header
from tests.contracts.small import errors, outcomes, reasons
from tests.need import need

HELLO = Send(Guest("Ann", "ann@example.com"), "hello \u2028 wörld")
BOTH = SendParallel((Message(Guest("Ann", "a"), "a"), Message(Guest("Bob", "b"), "b")))

Script = Callable[[str], str]

PATIENCE = 30.0
"""Seconds; nothing in these tests waits so long, but a machine may be slow."""
SOON = 0.3
"""For clients that hang on purpose."""


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Makes a command of a Python program, which finds `line()` and `say()` for the protocol."""

    def command(body: str) -> str:
        path = tmp_path / "client.py"
        path.write_text(
            "import json, os, sys, time\n"
            "def line(): return json.loads(sys.stdin.readline() or '{}')\n"
            "def say(**reply): print(json.dumps(reply), flush=True)\n" + body
        )
        return shlex.join([sys.executable, "-S", str(path)])

    return command


def run(command: str, *items: Item, patience: float = PATIENCE) -> Run:
    with Runner(ProcessClients(command, patience=patience)) as world:
        return world.run(Scenario(items))


def given_up(command: str, *items: Item, one_shot: bool = False, patience: float = PATIENCE) -> str:
    """Why the client had to be given up, as it is noted with the message that was open, if one was."""
    with Runner(ProcessClients(command, one_shot=one_shot, patience=patience)) as world:
        seen = world.run(Scenario(items))
    assert seen.lost
    return errors(seen)[-1] if errors(seen) else seen.hung


ANSWER_ALL = "while ask := line(): say(id=ask['id'], ok=True)\n"


def test_a_client_is_asked_and_believed(script: Script) -> None:
    seen = run(
        script("ask = line(); say(id=ask['id'], ok=True); ask = line(); say(id=ask['id'], ok=False, error='no')"), HELLO, HELLO
    )
    assert outcomes(seen) == ["accepted", "failed"]
    assert errors(seen) == ["no"]


def test_it_is_told_what_to_send_and_who_it_is(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYFLY_ADMIN_TOKEN", "secret")
    told = tmp_path / "told.json"
    own = "{name: os.environ[name] for name in os.environ if name.startswith('DAYFLY_')}"
    run(script(f"ask = line(); json.dump([ask, {own}], open({str(told)!r}, 'w')); say(id=ask['id'], ok=True)"), HELLO)
    ask, variables = json.loads(told.read_text())
    assert ask["send"] == {"guest": {"name": "Ann", "email": "ann@example.com"}, "text": HELLO.text}
    assert sorted(variables) == ["DAYFLY_BASE_URL", "DAYFLY_CLIENT_ID", "DAYFLY_CLIENT_SECRET"]
    assert variables["DAYFLY_BASE_URL"].startswith("http://127.0.0.1:")


def test_answers_may_come_in_any_order(script: Script) -> None:
    seen = run(script("a, b = line(), line(); say(id=b['id'], ok=True); say(id=a['id'], ok=False)"), BOTH)
    assert outcomes(seen) == ["failed", "accepted"]


def test_the_end_of_input_ends_it(script: Script, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    run(script(ANSWER_ALL + f"open({str(ended)!r}, 'w').close()"), HELLO)
    assert ended.exists()


def test_what_it_writes_to_stderr_is_kept_the_last_of_it(script: Script) -> None:
    seen = run(script("print('x' * 100_000, 'the end', file=sys.stderr)\n" + ANSWER_ALL), HELLO)
    assert seen.output.endswith("x the end\n")
    assert len(seen.output) <= 16 << 10


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("line(); print('Sending…', flush=True)", r"wrote 'Sending…' on stdout, where only lines such as \{.*\} belong"),
        ("line(); say(id=1)", "Object missing required field `ok`"),
        ("line(); say(id='1', ok=True)", "Expected `int`, got `str`"),
        ("line(); print('\\\\ud83e', flush=True)", r"wrote '\\+ud83e' on stdout, .*: JSON is malformed"),
        ("line(); sys.stdout.buffer.write(b'\\xff\\xfe\\n'); sys.stdout.flush(); line()", "wrote '.*' on stdout"),
        ("line(); sys.stdout.write('{\"id\": 1, ')", "last line has no end: '{\"id\": 1, '"),
        ("line(); sys.stdout.write('x' * 3_000_000); sys.stdout.flush(); line()", "a line of more than 1048576 bytes: 'xxx"),
        ("line(); say(id=7, ok=True); line()", "answered intent 7, which it was never asked"),
        ("line(); sys.exit(3)", "^the client ended while it had work to do: exit status 3$"),
        (
            "line(); raise ValueError('a bug')",
            "exit status 1; it wrote: ValueError: a bug$",
        ),
        ("line(); os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("sys.exit('no token')", "ended while it had work to do: exit status 1; it wrote: no token$"),
    ],
)
def test_what_is_not_the_protocol_is_told(script: Script, body: str, words: str) -> None:
    assert re.search(words, given_up(script(body), HELLO))


def test_answering_twice_is_told(script: Script) -> None:
    assert re.search(
        "answered intent 1, a second time",
        given_up(script("ask = line(); say(id=1, ok=True); say(id=1, ok=True); line()"), HELLO, HELLO),
    )


LEAKING = """
import base64, pathlib, sys, urllib.request
who, secret = os.environ['DAYFLY_CLIENT_ID'], os.environ['DAYFLY_CLIENT_SECRET']
basic = base64.b64encode(f'{who}:{secret}'.encode()).decode()
asking = urllib.request.Request(os.environ['DAYFLY_BASE_URL'] + '/oauth/token', b'grant_type=client_credentials')
asking.add_header('Authorization', 'Basic ' + basic)
"""
"""What a client begins with that tells its secrets: `leak()` makes a text of them, and lists them in a file beside it."""


def leaking(script: Script, directory: Path, body: str) -> tuple[str, Path]:
    """A command that tells secrets, and the file that they are listed in."""
    listed = directory / "secrets"
    leak = (
        "def leak():\n"
        "    token = json.load(urllib.request.urlopen(asking))['access_token']\n"
        f"    pathlib.Path({str(listed)!r}).write_text(' '.join([secret, basic, token]))\n"
        "    return f'secret {secret}, basic {basic}, token {token}.'\n"
    )
    return script(LEAKING + leak + body), listed


def assert_hidden(told: str, listed: Path) -> None:
    assert re.search(r"secret \[REDACTED\], basic \[REDACTED\], token \[REDACTED t:[0-9a-f]{10}\]", told)
    assert [secret for secret in listed.read_text().split() if secret in told] == []


@pytest.mark.parametrize(
    "body",
    [
        "print(leak(), flush=True); line()",
        "sys.exit(leak())",
        "sys.stdout.write(leak())",
        "sys.stdout.write(leak() + 'x' * 3_000_000); sys.stdout.flush(); line()",
    ],
)
def test_what_is_not_the_protocol_is_told_without_secrets(script: Script, tmp_path: Path, body: str) -> None:
    command, listed = leaking(script, tmp_path, "line(); " + body)
    assert_hidden(given_up(command, HELLO), listed)


def test_what_a_client_says_is_kept_without_secrets(script: Script, tmp_path: Path) -> None:
    command, listed = leaking(script, tmp_path, "line(); print(leak(), file=sys.stderr); say(id=1, ok=False, error=leak())")
    seen = run(command, HELLO)
    assert_hidden(seen.output, listed)
    assert_hidden(errors(seen)[0], listed)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (r'"cut \ud83e"', "cut \N{REPLACEMENT CHARACTER}"),
        (r'"\uDD8B cut, \ud83e\udd8b whole"', "\N{REPLACEMENT CHARACTER} cut, \N{BUTTERFLY} whole"),
        (r'"C:\\ud83e"', r"C:\ud83e"),
    ],
)
def test_an_error_may_end_in_the_midst_of_a_character(script: Script, error: str, told: str) -> None:
    answer = f'{{"id": 1, "ok": false, "error": {error}}}'
    assert errors(run(script(f"line(); print({answer!r}, flush=True)"), HELLO)) == [told]


def test_an_error_may_be_none(script: Script) -> None:
    seen = run(script("line(); say(id=1, ok=True, error=None); line(); say(id=2, ok=False, error=None)"), HELLO, HELLO)
    assert outcomes(seen) == ["accepted", "failed"]


def test_a_long_error_is_told_in_part(script: Script) -> None:
    (error,) = errors(run(script("line(); say(id=1, ok=False, error='no' + 'x' * 900_000)"), HELLO))
    assert error.startswith("noxxx")
    assert error.endswith("x…")
    assert len(error) == 500


def test_of_a_secret_at_the_cut_nothing_is_kept(script: Script) -> None:
    body = "line(); print((secret + ' ') * 2000, file=sys.stderr); say(id=1, ok=True)"
    kept = run(script(LEAKING + body), HELLO).output
    assert len(kept) > 1000
    assert set(kept.split()[1:]) == {"[REDACTED]"}
    assert kept.split()[0] in "[REDACTED]"


def test_a_client_that_hangs_is_told_and_killed_with_its_children(
    monkeypatch: pytest.MonkeyPatch, script: Script, tmp_path: Path
) -> None:
    pids, whole = tmp_path / "pids", tmp_path / "whole"
    busy_until(monkeypatch, pids)
    write = f"open({str(whole)!r}, 'w').write(f'{{os.getpid()}} {{child}}'); os.rename({str(whole)!r}, {str(pids)!r})"
    hang = f"child = os.fork()\nif child: {write}\ntime.sleep(1000)"
    assert re.search(
        f"hangs: for {SOON:g} s neither an answer on stdout nor a request",
        given_up(script("line()\n" + hang), HELLO, patience=SOON),
    )
    for pid in map(int, pids.read_text().split()):
        assert comes_to_its_end(pid)


@pytest.mark.parametrize("end", ["", "\r"])
def test_a_client_that_forgets_the_newline_is_told(
    monkeypatch: pytest.MonkeyPatch, script: Script, tmp_path: Path, end: str
) -> None:
    written, answer = tmp_path / "written", '{"id": 1, "ok": true}' + end
    busy_until(monkeypatch, written)
    body = f"line(); os.write(1, {answer.encode()!r}); open({str(written)!r}, 'w'); time.sleep(1000)"
    assert re.search(
        re.escape(f"nor a request; it has not ended its line {answer!r} with a newline"),
        given_up(script(body), HELLO, patience=SOON),
    )


def busy_until(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """However slow the machine is, a client counts as hanging only once it has made the file."""
    counts = count()
    monkeypatch.setattr(
        WatchedHandler, "requests", property(lambda _: 0 if file.exists() else next(counts), lambda _self, _value: None)
    )


def comes_to_its_end(pid: int) -> bool:
    """Wait for the end of a process that was killed: the system may take a moment. Return False if it goes on."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 60)[0])
    finally:
        os.close(process)


def test_a_client_that_ignores_the_end_of_its_input_is_told(script: Script) -> None:
    assert re.search(
        f"after the end of its input: for {SOON:g} s it neither ended",
        given_up(script("line(); say(id=1, ok=True); time.sleep(1000)"), HELLO, patience=SOON),
    )


@pytest.mark.parametrize(
    ("flood", "words"),
    [
        ('{"id": 1, "ok": true}', "answered intent 1, a second time"),
        ('{"id": 2, "ok": true}', "answered intent 2, which it was never asked"),
        ("y", "wrote 'y' on stdout"),
    ],
)
def test_a_flood_after_the_end_is_told_and_not_listened_to(
    monkeypatch: pytest.MonkeyPatch, script: Script, tmp_path: Path, flood: str, words: str
) -> None:
    written = tmp_path / "written"
    busy_until(monkeypatch, written)
    begin = f"line(); say(id=1, ok=True); line(); counts = open({str(written)!r}, 'wb', 0); lines = b{flood!r} + b'\\n'\n"
    body = begin + "while os.write(1, lines * 1000): counts.write(b'+')"
    assert re.search(words, given_up(script(body), HELLO, patience=SOON))
    assert 0 < written.stat().st_size < 200


def test_a_client_may_take_its_time_at_the_end_while_it_asks(monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    waits = waits_beside_requests(monkeypatch, 0, 1, 2, 3)
    assert re.search(
        "after the end of its input", given_up(script("line(); say(id=1, ok=True); time.sleep(1000)"), HELLO, patience=SOON)
    )
    assert waits == [SOON] * 3


def waits_beside_requests(monkeypatch: pytest.MonkeyPatch, *seen: int) -> list[float]:
    """Has so many requests been `seen`, one time after the other; how long a process was waited for is added to the list."""
    counts, waits, wait = chain(seen, repeat(seen[-1])), list[float](), Child.wait

    def waiting(child: Child, seconds: float) -> int | None:
        waits.append(seconds)
        return wait(child, seconds)

    monkeypatch.setattr(WatchedHandler, "requests", property(lambda _: next(counts), lambda _self, _value: None))
    monkeypatch.setattr(Child, "wait", waiting)
    return waits


def test_a_client_that_reads_nothing_does_not_block_who_asks(script: Script) -> None:
    many = SendParallel(tuple(Message(Guest(str(n), "e"), str(n) + "x" * 3990) for n in range(100)))
    assert re.search("hangs", given_up(script("time.sleep(1000)"), many, patience=SOON))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("dayfly-no-such-program x", "the command 'dayfly-no-such-program x' cannot be started: No such file or directory$"),
        ("FOO=1 python3 x", "No such file or directory; no shell reads it, so write sh -c '…' around it to set variables$"),
        ("'", "cannot be read: No closing quotation"),
        (" ", "the command is empty"),
    ],
)
def test_a_command_that_cannot_be_started_is_told(command: str, words: str) -> None:
    with pytest.raises(ClientError, match=words):
        run(command, HELLO)


def test_a_command_is_tried_before_anything_else() -> None:
    with Runner(ProcessClients("false", patience=PATIENCE)) as world, pytest.raises(ClientProtocolError, match="exit status 1"):
        world.check()


def test_what_a_client_on_node_dies_of_is_told(tmp_path: Path) -> None:
    client = tmp_path / "client.cjs"
    client.write_text("function f(n) { if (n) f(n - 1); else throw new TypeError('no session'); }\nf(50);\n")
    assert re.search(
        "exit status 1; it wrote: TypeError: no session$", given_up(shlex.join([need("node"), str(client)]), HELLO)
    )


def test_a_client_that_closes_its_stdout_and_goes_on_is_told(script: Script) -> None:
    assert re.search(
        "closed its stdout while it had work to do, and goes on",
        given_up(script("line(); os.close(1); time.sleep(1000)"), HELLO, patience=SOON),
    )


def test_of_last_words_only_so_many_are_told(script: Script) -> None:
    body = "print(*(f'{n}\\t' + 'x' * 1000 for n in range(100)), sep='\\n\\n', file=sys.stderr); sys.exit(1)"
    lines = last_lines(run(script(body), HELLO).output)
    assert [line.partition(" ")[0] for line in lines] == [str(n) for n in range(85, 100)]
    assert {len(line) for line in lines} == {200}


def test_a_client_on_node_is_driven_over_a_socket() -> None:
    need("node")
    recovering = Path(__file__).parents[3] / "fixtures" / "clients" / "recovering.mjs"
    dying = Send(HELLO.guest, "again", (Trigger("send", EndSessions()),))
    seen = run(shlex.join(["node", str(recovering)]), HELLO, Advance(40), dying, BOTH)
    assert outcomes(seen) == ["accepted"] * 4
    assert reasons(seen).count("session.revoked") == 1
    header = seen.trace[0]
    assert isinstance(header, Header)
    assert (header.door, header.clock) == ("socket", "wall")


def test_nothing_is_left_open(script: Script) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    run(script(ANSWER_ALL), HELLO)
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_what_is_said_at_the_very_end_is_heard(script: Script) -> None:
    assert re.search(
        "answered intent 1, a second time", given_up(script("line(); say(id=1, ok=True); line(); say(id=1, ok=True)"), HELLO)
    )
