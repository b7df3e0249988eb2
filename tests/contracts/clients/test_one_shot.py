from __future__ import annotations

import json
import os
import re
import shlex
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.clients.errors import ClientError
from contracts.clients.process import ProcessClients
from contracts.runner import Run, Runner
from contracts.scenario import Item, Message, Scenario, Send, SendParallel
from mockserver.journal import Guest
from tests.contracts.clients.test_process import PATIENCE, SOON, comes_to_its_end, given_up, waits_beside_requests
from tests.contracts.small import errors, outcomes
from tests.need import need

HELLO = Send(Guest("Ann", "ann@example.com"), "hello")
BOTH = SendParallel((Message(Guest("Ann", "a"), "a"), Message(Guest("Bob", "b"), "b")))

Script = Callable[[str], str]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Makes a command of a shell program."""

    def command(body: str) -> str:
        path = tmp_path / "client.sh"
        path.write_text(body)
        return shlex.join(["sh", str(path)])

    return command


def run(command: str, *items: Item, patience: float = PATIENCE) -> Run:
    with Runner(ProcessClients(command, one_shot=True, patience=patience)) as world:
        return world.run(Scenario(items))


def test_status_0_is_success(script: Script) -> None:
    assert outcomes(run(script("cat >/dev/null; echo done"), HELLO, BOTH)) == ["accepted"] * 3


def test_any_other_is_a_failure_with_the_last_words(script: Script) -> None:
    seen = run(script("echo first >&2; echo 'no session' >&2; exit 7"), HELLO)
    assert outcomes(seen) == ["failed"]
    assert errors(seen) == ["exit status 7: no session"]
    assert seen.output == "first\nno session\n"


def test_neither_shows_a_secret(script: Script) -> None:
    basic = 'echo "Basic $(printf %s "$DAYFLY_CLIENT_ID:$DAYFLY_CLIENT_SECRET" | base64 -w 0)" >&2'
    seen = run(script(f'{basic}; echo "secret $DAYFLY_CLIENT_SECRET" >&2; exit 1'), HELLO)
    assert errors(seen) == ["exit status 1: secret [REDACTED]"]
    assert seen.output == "Basic [REDACTED]\nsecret [REDACTED]\n"


def test_of_a_long_line_only_the_beginning_is_told(script: Script) -> None:
    (error,) = errors(run(script("head -c 5000 /dev/zero | tr '\\0' x >&2; exit 1"), HELLO))
    assert error.startswith("exit status 1: xxx")
    assert len(error) < 600


def test_a_signal_is_a_failure(script: Script) -> None:
    assert errors(run(script("kill -SEGV $$"), HELLO)) == ["killed by SIGSEGV"]


def test_it_finds_its_message_on_its_input(script: Script, tmp_path: Path) -> None:
    told = tmp_path / "told"
    run(script(f"cat >{shlex.quote(str(told))}"), HELLO)
    assert json.loads(told.read_text()) == {
        "id": 1,
        "send": {"guest": {"name": "Ann", "email": "ann@example.com"}, "text": "hello"},
    }


def test_a_command_that_shows_nothing_is_told_and_killed(script: Script) -> None:
    assert re.search(
        f"hangs: for {SOON:g} s it neither ended nor made a request",
        given_up(script("sleep 1000"), HELLO, one_shot=True, patience=SOON),
    )


def test_a_command_may_take_its_time_while_it_asks(monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    """Waits between tries add up to more than anybody's patience."""
    waits = waits_beside_requests(monkeypatch, 0, 1, 2)
    assert re.search("hangs", given_up(script("sleep 1000"), HELLO, one_shot=True, patience=SOON))
    assert waits == [SOON] * 3


def test_a_command_need_not_read(script: Script) -> None:
    """Its input may be longer than the buffer of a pipe."""
    long = Send(Guest("Ann", "ann@example.com"), "x" * 1_000_000)
    assert outcomes(run(script("exit 0"), long)) == ["accepted"]
    assert re.search("hangs", given_up(script("sleep 1000"), long, one_shot=True, patience=SOON))


def test_an_interrupt_kills_the_command(monkeypatch: pytest.MonkeyPatch, script: Script, tmp_path: Path) -> None:
    told, join = tmp_path / "told", threading.Thread.join
    os.mkfifo(told)
    pids, running = list[int](), list[threading.Thread]()

    def interrupted(thread: threading.Thread, timeout: float | None = None) -> None:
        if threading.current_thread() is not threading.main_thread() or pids:
            return join(thread, timeout)
        pids.append(int(told.read_text()))
        running.append(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(script(f"echo $$ >{shlex.quote(str(told))}; exec sleep 1000"), HELLO)
    join(running[0])
    assert comes_to_its_end(pids[0])


def test_a_command_that_cannot_be_started_is_told() -> None:
    with pytest.raises(ClientError, match="cannot be started"):
        run("dayfly-no-such-program", HELLO)


def test_a_command_that_asks_for_ever_is_stopped(tmp_path: Path) -> None:
    asking = tmp_path / "asking.py"
    asking.write_text(
        "import os, socket\n"
        "host, _, port = os.environ['DAYFLY_BASE_URL'].rpartition('/')[2].partition(':')\n"
        "while True:\n"
        "    with socket.create_connection((host, int(port))) as peer:\n"
        "        peer.sendall(b'POST /oauth/token HTTP/1.0\\r\\nContent-Length: 0\\r\\n\\r\\n')\n"
        "        peer.recv(1)\n"
    )
    seen = run(shlex.join([sys.executable, "-S", str(asking)]), HELLO)
    assert outcomes(seen) == ["never"]
    assert seen.hung == "it made more than 300 requests"


def test_the_shipped_shell_client_delivers() -> None:
    need("curl")
    client = Path(__file__).parents[3] / "fixtures" / "clients" / "curl.sh"
    assert outcomes(run(shlex.join(["sh", str(client)]), HELLO, BOTH)) == ["accepted"] * 3
