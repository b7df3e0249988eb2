"""The simulation, with processes that speak its protocol well and badly."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.clients.errors import BeyondVirtualTime
from contracts.clients.virtual import simulation
from contracts.scenario import Advance
from mockserver.journal import Began, Ended, Entry, Header, Returned
from tests.contracts.clients.virtual.speaking import BOTH, HELLO, PATIENCE, SOON, fake, run
from tests.contracts.small import errors, outcomes

ANSWER_ALL = "hello()\nwhile asked := line(): say(id=asked['id'], ok=True)\n"


TWICE = """
ask(hello=1, pid=os.getpid())
other = socket.socket(socket.AF_UNIX)
other.connect(os.environ["DAYFLY_TIME"])
other.sendall(json.dumps({"hello": 1, "pid": os.getpid()}).encode() + b"\\n")
idle()
"""


def at(trace: tuple[Entry, ...], kind: type[Entry]) -> list[float]:
    """The seconds at which entries of a kind were made, from the first entry on."""
    entries = [entry for entry in trace if not isinstance(entry, Header)]
    return [(entry.at - entries[0].at) / 1000 for entry in entries if isinstance(entry, kind)]


def given_up(command: str, patience: float = PATIENCE) -> str:
    """Why the client had to be given up."""
    seen = run(command, HELLO, patience=patience)
    assert seen.hung
    return seen.hung


def test_a_process_is_asked_and_believed(tmp_path: Path) -> None:
    seen = run(fake(tmp_path, ANSWER_ALL), HELLO, BOTH)
    assert outcomes(seen) == ["accepted"] * 3
    assert isinstance(seen.trace[0], Header)
    assert (seen.trace[0].clock, seen.trace[0].door) == ("virtual", "socket")


def test_hours_that_it_sleeps_are_hours_of_the_trace(tmp_path: Path) -> None:
    body = "hello()\nwhile asked := line():\n    sleep(10800)\n    say(id=asked['id'], ok=True)\n"
    seen = run(fake(tmp_path, body), HELLO, HELLO)
    assert at(seen.trace, Ended) == [10800, 21600]


def test_time_that_passes_for_the_platform_passes_for_the_process(tmp_path: Path) -> None:
    body = "hello()\nbegan = now\nwhile asked := line(): say(id=asked['id'], ok=False, error=str(now - began))\n"
    seen = run(fake(tmp_path, body), HELLO, Advance(3600.0), HELLO)
    assert errors(seen) == ["0", "3600000000"]
    assert at(seen.trace, Began) == [0, 3600]


def test_time_that_it_takes_without_asking_counts(tmp_path: Path) -> None:
    """A synchronous sleep, or a busy loop."""
    body = "hello()\nwhile asked := line():\n    now += 2_000_000\n    say(id=asked['id'], ok=True)\n"
    seen = run(fake(tmp_path, body), HELLO, HELLO)
    assert at(seen.trace, Began) == [0, 2]


def test_it_finds_its_credentials_and_a_seed_in_the_welcome(tmp_path: Path) -> None:
    body = "welcome = ask(hello=1)\nnow = welcome['now']\nwhile asked := line():\n"
    body += (
        "    told = [sorted(welcome['env']), welcome['env'] == {k: os.environ[k] for k in welcome['env']}, welcome['seed']]\n"
    )
    body += "    say(id=asked['id'], ok=False, error=json.dumps(told))\n"
    first, second, other = (errors(run(fake(tmp_path, body), HELLO, chance=chance)) for chance in (1, 1, 2))
    assert first[0].startswith('[["DAYFLY_BASE_URL", "DAYFLY_CLIENT_ID", "DAYFLY_CLIENT_SECRET"], true, ')
    assert first == second != other


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("hello(2)", "speaks version 2 of the protocol, and here version 1 is spoken"),
        ("hello(); hello()", "said hello a second time"),
        (TWICE, "said hello a second time, so its shim is loaded twice"),
        ("hello(); send('nonsense'); answer()", "it sent b'nonsense'"),
        ("hello(); line(); idle(at=-1)", 'it sent b\'{"idle": true, "at": -1'),
        ('hello(); send(\'{"idle": true, "at": 0}\\n\' * 2); time.sleep(1000)', "without being asked"),
        ("idle(at=0)", "without being asked"),
        ("hello(); send('x' * (1 << 17)); answer()", "a line of more than"),
    ],
)
def test_a_process_that_does_not_keep_to_the_protocol_is_given_up_at_once(tmp_path: Path, body: str, reason: str) -> None:
    told = given_up(fake(tmp_path, f"now = 0\n{body}\n"))
    assert told.startswith("the client does not keep to the protocol of virtual time: ")
    assert reason in told
    assert told.endswith("; see --real-time")


def test_a_process_whose_timer_is_always_due_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "STEPS", 50)
    told = given_up(fake(tmp_path, "hello()\nline()\nwhile True: idle(next=0)\n"))
    assert told == "it paused 50 times without coming to an end"


@pytest.mark.parametrize("wait", ["sleep(90_000)", "idle(at=now + 90_000_000_000)"])
def test_a_process_that_waits_for_more_than_a_day_is_given_up(tmp_path: Path, wait: str) -> None:
    told = given_up(fake(tmp_path, f"hello()\nasked = line()\n{wait}\nsay(id=asked['id'], ok=True)\nline()\n"))
    assert told == "it was still waiting after 24 h of virtual time"


def test_a_process_that_waits_for_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "LONGEST_REST", 0.01)
    assert given_up(fake(tmp_path, "hello()\nline()\nwhile True: idle()\n")).startswith("it waits for what can never come")


def test_a_process_in_which_something_happens_that_nobody_knows_of_is_not_given_up_for_it(tmp_path: Path) -> None:
    body = "hello()\nwhile asked := line():\n    for _ in range(100): idle()\n    say(id=asked['id'], ok=True)\n"
    assert outcomes(run(fake(tmp_path, body), HELLO)) == ["accepted"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("hello(); line(); time.sleep(1000)", "the client hangs: for 1 s neither an answer on stdout nor a request"),
        ("time.sleep(1000)", "the client hangs"),
        ("hello(); line(); channel.close(); answers.close(); time.sleep(1000)", "the client hangs"),
        ("hello(); asked = line(); print('{', end='', flush=True); time.sleep(1000)", "it has not ended its line '{'"),
        ("hello(); line(); sys.stderr.write('Error: no luck\\n'); sys.exit(3)", "ended while it had work to do: exit status 3"),
        ("hello(); line(); os.close(1); idle(); time.sleep(1000)", "closed its stdout while it had work to do, and goes on"),
        ("hello(); line(); print('nonsense', flush=True); idle()", "the client wrote 'nonsense' on stdout"),
        ("hello(); line(); say(id=7, ok=True); idle()", "answered intent 7, which it was never asked"),
        ("hello(); line(); say(id=1, ok=True); say(id=1, ok=True); idle()", "answered intent 1, a second time"),
        ("hello(); line(); say(id=1, ok=True)\nwhile True: idle()", "went on after the end of its input"),
        ("hello(); line(); say(id=1, ok=True); line(); time.sleep(1000)", "went on after the end of its input"),
    ],
)
def test_a_process_that_falls_silent_or_ends_is_given_up_with_its_last_words(tmp_path: Path, body: str, reason: str) -> None:
    seen = run(fake(tmp_path, body + "\n"), HELLO, patience=SOON)
    assert seen.lost
    assert reason in (seen.hung + "".join(errors(seen)))


def test_the_last_words_are_told(tmp_path: Path) -> None:
    seen = run(fake(tmp_path, "hello(); line(); sys.stderr.write('Error: no luck\\n'); sys.exit(3)\n"), HELLO)
    assert errors(seen) == ["the client ended while it had work to do: exit status 3; it wrote: Error: no luck"]


def test_a_process_may_end_as_soon_as_its_input_does(tmp_path: Path) -> None:
    assert not run(fake(tmp_path, ANSWER_ALL), HELLO).hung
    assert not run(fake(tmp_path, ANSWER_ALL + "sleep(3600)\n"), HELLO).hung


def test_a_request_from_a_process_without_virtual_time_is_not_judged(tmp_path: Path) -> None:
    """A launcher with a shim has started a runtime that has none."""
    body = "asked = json.loads(sys.stdin.readline())\nfrom urllib.request import urlopen\n"
    body += "urlopen(os.environ['DAYFLY_BASE_URL'])\n"
    with pytest.raises(BeyondVirtualTime, match="--real-time"):
        run(fake(tmp_path, "hello()\nchannel.close(); answers.close()\n" + body), HELLO)


def test_the_last_request_of_a_process_that_dies_counts(tmp_path: Path) -> None:
    body = "from urllib.parse import urlsplit\nhello()\nline()\nurl = urlsplit(os.environ['DAYFLY_BASE_URL'])\n"
    body += "http = socket.create_connection((url.hostname, url.port))\n"
    body += "http.sendall(b'POST /oauth/token HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 0\\r\\n\\r\\n')\nos._exit(3)\n"
    seen = run(fake(tmp_path, body), HELLO)
    assert errors(seen) == ["the client ended while it had work to do: exit status 3"]
    (returned,) = (entry for entry in seen.trace if isinstance(entry, Returned))
    assert not returned.answered


def test_while_a_process_waits_for_something_foreign_time_is_real_and_the_trace_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "FOREIGN", 0.05)
    body = "hello()\nasked = line()\nend = now + 500_000_000\nwhile now < end: idle(next=end, foreign='a worker thread')\n"
    seen = run(fake(tmp_path, body + "say(id=asked['id'], ok=True)\nline()\n"), HELLO)
    header = seen.trace[0]
    assert isinstance(header, Header)
    assert header.clock == "mixed"
    assert header.time == "the client's time was real in part: it waited for a worker thread, which virtual time does not reach"
    assert at(seen.trace, Ended) == [500]
