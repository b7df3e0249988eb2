"""A client that fails is judged; of one that never worked it is said why, and nothing else."""

from __future__ import annotations

import asyncio
import http.client
import shlex
import sys
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.clients.errors import ClientProtocolError, NothingSent, PlatformUnreached
from contracts.clients.process import ProcessClients
from contracts.clients.python import PythonClients
from contracts.judge import Status
from contracts.report import text
from contracts.report.model import Report
from contracts.scenario import RejectTokens, Scenario, Send, save
from contracts.verify import Options, replay, verify, verify_client
from mockserver.journal import Guest
from tests.contracts.small import Small
from tests.contracts.verify.test_verify import judged
from tests.need import need

pytestmark = pytest.mark.slow

PATIENCE = 60.0
"""Seconds; nothing here waits so long."""

SPEAKING = """
import json, os, sys, urllib.request
def post(path, body, **headers):
    asking = urllib.request.Request(os.environ['DAYFLY_BASE_URL'] + path, body, headers)
    return json.load(urllib.request.urlopen(asking))
def token():
    form = 'grant_type=client_credentials&client_id=%s&client_secret=%s'
    form %= os.environ['DAYFLY_CLIENT_ID'], os.environ['DAYFLY_CLIENT_SECRET']
    return post('/oauth/token', form.encode(), **{'Content-Type': 'application/x-www-form-urlencoded'})['access_token']
def deliver(send):
    headers = {'Authorization': 'Bearer ' + token(), 'Content-Type': 'application/json'}
    body = json.dumps({'guest': send['guest']}).encode()
    id = post('/api/v2/conversations/webchat/sessions', body, **headers)['webChatSessionId']
    body = json.dumps({'webChatSessionId': id, 'text': send['text']}).encode()
    post('/api/v2/conversations/messaging/external/guests/sendmessage', body, **headers)
for line in sys.stdin:
    ask = json.loads(line)
    try:
        deliver(ask['send'])
        ok = True
    except urllib.error.HTTPError as error:
        ok = False
        on_error(error)
    except OSError:
        ok = False
    print(json.dumps({'id': ask['id'], 'ok': ok}), flush=True)
"""


def speaking(directory: Path, on_error: str) -> ProcessClients:
    """A client that delivers as long as nothing goes wrong, and then does `on_error`."""
    script = directory / "client.py"
    script.write_text(f"def on_error(error):\n    {on_error}\n{SPEAKING}")
    return ProcessClients(shlex.join([sys.executable, "-S", str(script)]), patience=PATIENCE)


REFUSED = Scenario((RejectTokens(), Send(Guest("Ann", "ann@example.com"), "Hello")))


def message_of(report: Report, code: str) -> str:
    """Return the message about a clause that was violated."""
    return next(clause.words for clause in report.violated if clause.code == code)


def test_a_process_that_dies_of_a_401_is_a_client_that_never_returns(tmp_path: Path) -> None:
    clients = speaking(tmp_path, "if error.code == 401: raise TypeError('no ' + os.environ['DAYFLY_CLIENT_SECRET'])")
    report = verify("client", clients, Options(seed=0, examples=0, walk="off", clauses=("D6",)))
    assert report.exit_status() == 1
    assert message_of(report, "D6").endswith(
        "the client ended while it had work to do: exit status 1; it wrote: TypeError: no [REDACTED]"
    )
    example = report.violated[0].counterexample
    assert example is not None
    assert example.scenario is not None
    assert [type(item) for item in example.scenario.parts] == [RejectTokens, Send]
    assert example.minimal
    assert example.deterministic
    assert "TypeError: no [REDACTED]" in example.output
    assert "TypeError: no [REDACTED]" in text.render(report)


@pytest.mark.parametrize(
    ("on_error", "how"),
    [
        ("sys.exit(0)", "the client ended while it had work to do: exit status 0"),
        ("os.kill(os.getpid(), 9)", "the client ended while it had work to do: killed by SIGKILL"),
        ("print('oh no', flush=True)", "the client wrote 'oh no' on stdout, where only lines such as"),
        ("print(json.dumps({'id': 1, 'ok': True})); print(json.dumps({'id': 7, 'ok': True}), flush=True)", "answered intent 7"),
    ],
)
def test_so_is_one_that_ends_otherwise_or_speaks_no_more_sense(tmp_path: Path, on_error: str, how: str) -> None:
    twice = Scenario((*REFUSED.items, Send(Guest("Bob", "bob@example.com"), "Hello again")))
    report = replay("client", speaking(tmp_path, on_error), twice, Options(clauses=("D6",)))
    assert how in message_of(report, "D6")


def test_so_is_one_on_node_whose_promise_nobody_looks_after(tmp_path: Path) -> None:
    script = tmp_path / "client.mjs"
    script.write_text(
        "import readline from 'node:readline';\n"
        "for await (const line of readline.createInterface({input: process.stdin})) {\n"
        "  const {id, send} = JSON.parse(line);\n"
        "  await fetch(process.env.DAYFLY_BASE_URL + '/oauth/token', {method: 'POST'});\n"
        "  if (send.text === 'Hello') Promise.reject(new RangeError('no session'));\n"
        "  else console.log(JSON.stringify({id, ok: true}));\n"
        "}\n"
    )
    clients = ProcessClients(shlex.join([need("node"), str(script)]), patience=PATIENCE)
    report = replay("client", clients, REFUSED, Options(clauses=("D6",)))
    assert "exit status 1; it wrote: RangeError: no session" in message_of(report, "D6")


def test_one_that_dies_of_two_plain_messages_never_worked(tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text("import sys\nif sys.stdin.readline(): sys.exit('no idea')\n")
    clients = ProcessClients(shlex.join([sys.executable, "-S", str(script)]), patience=PATIENCE)
    with pytest.raises(ClientProtocolError, match=r"exit status 1; its last words on stderr:\n  no idea$"):
        replay("client", clients, REFUSED)


def test_what_hung_once_and_not_again_is_no_violation(tmp_path: Path) -> None:
    script, hung = tmp_path / "client.py", tmp_path / "hung"
    script.write_text(
        "import json, os, sys, time\n"
        "for line in sys.stdin:\n"
        "    ask = json.loads(line)\n"
        f"    if ask['send']['text'] == 'Hello' and not os.path.exists({str(hung)!r}):\n"
        f"        open({str(hung)!r}, 'w').close()\n"
        "        time.sleep(1000)\n"
        "    print(json.dumps({'id': ask['id'], 'ok': True}), flush=True)\n"
    )
    clients = ProcessClients(shlex.join([sys.executable, "-S", str(script)]), patience=2)
    (result,) = verify("client", clients, Options(seed=0, examples=0, clauses=("D6",))).clauses
    assert result.status is Status.INCONCLUSIVE
    assert "hangs: for 2 s neither" in result.message
    assert result.message.endswith("but it did not hang when the scenario was run again")


def test_what_happened_once_in_virtual_time_and_not_again_is_no_violation() -> None:
    class Disturbed(Small):
        """Sends its first message twice."""

        sent = 0

        def send(self, guest: Any, text: str) -> None:
            super().send(guest, text)
            type(self).sent += 1
            if self.sent == 1:
                super().send(guest, text)

    report = judged(Disturbed, examples=3, walk="off", clauses=("D1",))
    (result,) = report.clauses
    assert (result.status, report.exit_status()) == (Status.INCONCLUSIVE, 0)
    assert result.message.endswith(
        "but it did not happen again when the scenario was run 10 more times: the machine may have stood still"
    )


def test_one_that_hangs_is_not_put_through_everything_and_the_report_says_so() -> None:
    class Blocking(Small):
        def send(self, guest: Any, text: str) -> None:
            asyncio.run(asyncio.Event().wait())

    report = judged(Blocking, examples=100, walk="off")
    assert (report.examples, report.exit_status()) == (3, 1)
    assert report.stopped == "the client hung in 3 runs, so 110 of 113 were not made"
    assert f"stopped: {report.stopped}" in text.render(report)


def test_a_loop_without_a_bound_does_not_hide_another() -> None:
    """The client goes on for ever after a 401 as well, which comes first and is put to the test many times."""

    class Persistent(Small):
        def create(self, guest: Any) -> str:
            while True:
                with suppress(httpx.HTTPStatusError):
                    return super().create(guest)
                self.platform.sleep(1)

    report = judged(Persistent, examples=0, walk="full", clauses=("R4", "D6"))
    assert [clause.code for clause in report.violated] == ["R4", "D6"]
    assert report.stopped.startswith("the client hung in 12 runs")


# -- a client that reaches nothing -------------------------------------------------------------------------------------


def with_httpx(url: str) -> None:
    httpx.post(url).raise_for_status()


def with_urllib(url: str) -> None:
    urllib.request.urlopen(url, b"grant_type=client_credentials").close()


def with_http_client(url: str) -> None:
    http.client.HTTPSConnection(httpx.URL(url).host).request("POST", "/oauth/token")


def with_httpx_in_silence(url: str) -> None:
    with suppress(httpx.HTTPError):
        with_httpx(url)


def with_asyncio(url: str) -> None:
    asyncio.run(asyncio.open_connection(httpx.URL(url).host, 443))


@pytest.mark.parametrize("call", [with_httpx, with_urllib, with_http_client, with_httpx_in_silence, with_asyncio])
def test_a_client_that_opens_its_own_connections_learns_what_reaches_the_mock(call: Callable[[str], None]) -> None:
    class Own:
        def __init__(self, platform: Any) -> None:
            self.url = platform.base_url + "/oauth/token"

        def send(self, guest: Any, text: str) -> None:
            call(self.url)

    with pytest.raises(PlatformUnreached, match=r"its own to platform\.invalid.* platform\.http_client\(\), or use --socket"):
        verify_client(Own)


def test_so_does_one_whose_factory_does_it() -> None:
    with pytest.raises(PlatformUnreached, match="--socket"):
        verify_client(lambda platform: with_httpx(platform.base_url))


def test_a_client_with_another_url_is_told_its_own_error() -> None:
    class Elsewhere:
        def __init__(self, platform: Any) -> None:
            pass

        def send(self, guest: Any, text: str) -> None:
            raise ConnectionError("api.example.com does not answer")

    with pytest.raises(PlatformUnreached, match=r"failed with ConnectionError: api.example.com does not answer; to reach it"):
        verify_client(Elsewhere)
    with pytest.raises(PlatformUnreached, match=r"to reach it, send its requests to platform\.base_url"):
        verify_client(Elsewhere, socket=True)


class Mistaken(Small):
    """Raises before its first request, for as long as `is_mistaken`."""

    def is_mistaken(self, text: str) -> bool:
        return True

    def send(self, guest: Any, text: str) -> None:
        if self.is_mistaken(text):
            raise TypeError("a bug")
        super().send(guest, text)


@pytest.mark.parametrize("socket", [False, True])
def test_a_client_that_always_raises_before_its_first_request_is_not_judged(socket: bool) -> None:
    seen: list[int] = []
    clients = PythonClients(Mistaken, socket=socket)
    with pytest.raises(NothingSent, match="raised TypeError: a bug before it sent anything, in each of 5 scenarios") as caught:
        verify("mistaken", clients, Options(seed=0), lambda progress: seen.append(progress.runs))
    assert seen == [1, 2, 3, 4]
    (frame,) = caught.value.quoted
    assert frame.endswith('in send: raise TypeError("a bug")')


def test_so_is_an_asynchronous_one() -> None:
    class Awaited:
        def __init__(self, platform: Any) -> None:
            pass

        async def send(self, guest: Any, text: str) -> None:
            raise LookupError("no guest")

    with pytest.raises(NothingSent, match="raised LookupError: no guest before"):
        verify_client(Awaited)


def test_one_that_cannot_be_called_so_has_no_frames_to_show() -> None:
    class Other(Small):
        def send(self, text: str) -> None:  # type: ignore[override]
            pass

    with pytest.raises(NothingSent, match="takes 2 positional arguments but 3 were given before it sent") as caught:
        verify_client(Other)
    assert caught.value.quoted == []


def test_one_that_raises_in_some_scenarios_is_judged(tmp_path: Path) -> None:
    """The scenarios of the corpus come first, and this client raises in each."""

    class Fussy(Mistaken):
        def is_mistaken(self, text: str) -> bool:
            return text.startswith("no good")

    for number in range(8):
        scenario = Scenario((Send(Guest("Ann", "ann@example.com"), f"no good: {number}"),))
        save(scenario, tmp_path, "D2")
    report = verify("fussy", PythonClients(Fussy), Options(seed=0, examples=0, walk="off", clauses=("D2",), corpus=tmp_path))
    assert report.examples > 8
    assert message_of(report, "D2") == "message 1 was not delivered: the client sent nothing for it"


def test_a_few_scenarios_do_not_tell_that_a_client_never_works() -> None:
    report = replay("mistaken", PythonClients(Mistaken), REFUSED, Options(clauses=("D2",)), times=4)
    assert [clause.code for clause in report.violated] == ["D2"]


def test_a_process_that_asks_nobody_learns_its_variable(tmp_path: Path) -> None:
    script = tmp_path / "client.sh"
    script.write_text("echo 'no route to host' >&2; exit 1\n")
    clients = ProcessClients(f"sh {shlex.quote(str(script))}", one_shot=True, patience=PATIENCE)
    with pytest.raises(PlatformUnreached, match=r"exit status 1: no route to host; .* DAYFLY_BASE_URL$"):
        verify("client", clients, Options(seed=0, examples=0))


def test_a_client_that_reports_success_without_a_request_lies() -> None:
    class Nothing:
        def __init__(self, platform: Any) -> None:
            pass

        def send(self, guest: Any, text: str) -> None:
            pass

    assert [clause.code for clause in verify("nothing", PythonClients(Nothing), Options(examples=0)).violated] == ["D2", "D3"]


def test_the_network_is_asked_for_every_other_name() -> None:
    class Local(Small):
        def send(self, guest: Any, text: str) -> None:
            import socket

            assert socket.getaddrinfo("127.0.0.1", 80)
            super().send(guest, text)

    report = verify("local", PythonClients(Local), Options(examples=0, clauses=("W2",)))
    assert report.exit_status() == 0
