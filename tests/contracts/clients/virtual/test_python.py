"""The shim for Python: its clocks and waits, and when it takes a process to be idle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.errors import BeyondVirtualTime
from contracts.clients.shims.surroundings import children
from contracts.clients.virtual import newcomers, simulation
from contracts.clients.virtual.starting import shimmed
from contracts.scenario import Fault, Item, Message, Send, SendParallel
from mockserver.journal import Arrival, Guest, Returned
from tests.contracts.clients.virtual.speaking import HELLO, OUTLIVED, PATIENCE, header, in_python, run
from tests.contracts.small import errors, outcomes
from tests.need import lacking
from tests.shims.python import SOURCES, lost

BEFORE = """
import asyncio, queue, sched, select, selectors, socket, subprocess, threading, time, urllib.request
from concurrent import futures
from datetime import date, datetime, timezone
BASE = os.environ["DAYFLY_BASE_URL"]
BEGAN = time.time(), time.monotonic(), time.perf_counter_ns() / 1e9

def elapsed():
    now = time.time(), time.monotonic(), time.perf_counter_ns() / 1e9
    return [round(end - began, 3) for end, began in zip(now, BEGAN)]

def fetch(path="/", **more):
    try:
        return urllib.request.urlopen(BASE + path, b"", **more).read()
    except urllib.error.HTTPError as error:
        return error.read()
"""

OLD = ["3.9", "3.10", "3.12", "3.13", "3.14"]
"""Versions of Python other than that of the tests."""


def told(folder: Path, body: str, *items: Item, before: str = "", python: str = sys.executable) -> Any:
    """What the function with this body returned."""
    seen = run(in_python(folder, body, BEFORE + before, python), *(items or (HELLO,)))
    assert errors(seen), seen.hung
    return json.loads(errors(seen)[0])


def other(version: str) -> str:
    """Return the path of another Python. Skips the test if it is missing."""
    found = shutil.which(f"python{version}")
    if found is None or subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode:
        lacking(f"python{version}", "is not installed")
    return found


WAITS = {
    "time.sleep(3600)": 3600,
    "threading.Event().wait(1.5)": 1.5,
    "try: queue.Queue().get(timeout=7)\nexcept queue.Empty: pass": 7,
    "lock = threading.Lock(); lock.acquire(); lock.acquire(timeout=2.5)": 2.5,
    "timer = threading.Timer(60, int); timer.start(); timer.join()": 60,
    "select.select([], [], [], 1.25)": 1.25,
    "select.poll().poll(1250)": 1.25,
    "selectors.DefaultSelector().select(1.25)": 1.25,
    "s = sched.scheduler(); s.enter(9, 0, int); s.run()": 9,
    "asyncio.run(asyncio.sleep(1800))": 1800,
    "pool = futures.ThreadPoolExecutor(); pool.submit(time.sleep, 3).result()": 3,
    "thread = threading.Thread(target=time.sleep, args=(4,)); thread.start(); thread.join()": 4,
    "import _thread; lock = threading.Lock(); lock.acquire()\n"
    "_thread.start_new_thread(lambda: (time.sleep(4), lock.release()), ()); lock.acquire()": 4,
    "one, other = socket.socketpair(); one.settimeout(5)\ntry: one.recv(1)\nexcept socket.timeout: pass": 5,
}


@pytest.mark.parametrize(("wait", "seconds"), WAITS.items())
def test_a_wait_takes_as_long_on_every_clock_as_it_was_asked_to(tmp_path: Path, wait: str, seconds: float) -> None:
    assert told(tmp_path, f"{wait}\nreturn elapsed()") == [seconds] * 3


@pytest.mark.parametrize("version", OLD)
def test_it_runs_on_other_versions_of_python(tmp_path: Path, version: str) -> None:
    body = "\n".join(WAITS) + "\nfetch()\nreturn elapsed()"
    total = sum(WAITS.values())
    assert told(tmp_path, body, python=other(version)) == [total] * 3


def test_a_busy_wait_comes_to_its_end(tmp_path: Path) -> None:
    assert told(tmp_path, "end = time.time() + 5\nwhile time.time() < end: pass\nreturn elapsed()[0] >= 5")
    assert told(tmp_path, "end = time.time() + 5\nwhile time.time() < end: time.sleep(0)\nreturn elapsed()[0] >= 5")


def test_threads_that_hand_over_for_ever_let_time_pass(tmp_path: Path) -> None:
    body = """
    thread = threading.Thread(target=time.sleep, args=(2,))
    thread.start()
    while thread.is_alive(): time.sleep(0)
    return elapsed()[0] >= 2
    """
    assert told(tmp_path, body)


def test_the_date_is_the_mocks(tmp_path: Path) -> None:
    body = """
    import email.utils
    now = datetime.now(timezone.utc)
    return [now.isoformat(), date.today().year, time.gmtime().tm_hour, email.utils.formatdate(usegmt=True), type(now).__name__]
    """
    told_dates = ["2026-01-01T12:00:00+00:00", 2026, 12, "Thu, 01 Jan 2026 12:00:00 GMT", "datetime"]
    assert told(tmp_path, body) == told_dates


def test_timers_strike_in_the_order_of_their_moments(tmp_path: Path) -> None:
    body = """
    order = []
    timers = [threading.Timer(ms / 1000, order.append, [ms]) for ms in (30, 10, 20, 10)]
    for timer in timers: timer.start()
    for timer in timers: timer.join()
    return order
    """
    assert told(tmp_path, body) == [10, 10, 20, 30]


@pytest.mark.parametrize("source", SOURCES)
def test_no_time_passes_while_work_is_under_way(tmp_path: Path, source: str) -> None:
    """A short form of `python -m tests.shims --python`."""
    assert list(lost(tmp_path, SOURCES[source], 3)) == [(6, 0)]


LATE = Fault("token", "latency", seconds=400.0)


def test_no_time_passes_if_a_child_ends_while_the_shim_counts_the_children(tmp_path: Path) -> None:
    body = """
    reader, writer = os.pipe()
    shim = sys.modules["_dayfly_time"].ProcessScheduler._idle.__globals__
    count, to_end = shim["children"], [writer]
    def ends_now():
        for child in to_end: os.close(child)  # what the kernel does for one that ends
        to_end.clear()
        return count()
    shim["children"] = ends_now
    thread = threading.Thread(target=os.read, args=(reader, 1))
    thread.start()
    thread.join(60)
    return [to_end, thread.is_alive(), *elapsed()]
    """
    assert told(tmp_path, body) == [[], False, 0, 0, 0]


def test_a_child_whose_first_thread_has_ended_counts_until_all_have() -> None:
    before = children()
    with subprocess.Popen([sys.executable, "-c", OUTLIVED], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdin
        child.stdout.readline()
        counted = children() - before
        child.stdin.close()
        child.stdout.read()
    assert (counted, children() - before) == (1, 0)


def test_timeouts_of_requests_strike_when_they_should(tmp_path: Path) -> None:
    body = """
    try: fetch("/oauth/token", timeout=20)
    except OSError as error: return [elapsed()[0], str(getattr(error, "reason", error))]
    """
    assert told(tmp_path, body, LATE, HELLO) == [20, "timed out"]


@pytest.mark.parametrize("library", ["requests", "httpx", "urllib3", "aiohttp"])
def test_timeouts_of_libraries_strike_when_they_should(tmp_path: Path, library: str) -> None:
    pytest.importorskip(library)
    ask = {
        "requests": "requests.post(BASE + '/oauth/token', timeout=20)",
        "httpx": "httpx.post(BASE + '/oauth/token', timeout=20, trust_env=False)",
        "urllib3": "urllib3.PoolManager(timeout=20, retries=False).request('POST', BASE + '/oauth/token')",
        "aiohttp": "asyncio.run(post())",
    }[library]
    post = """
async def post():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http: await http.post(BASE + '/oauth/token')
"""
    body = f"try: {ask}\nexcept Exception as error: return [elapsed()[0], 'imeout' in repr(error)]"
    elapsed, is_timeout = told(tmp_path, body, LATE, HELLO, before=f"import {library}" + post * (library == "aiohttp"))
    assert elapsed == pytest.approx(20, abs=0.01)
    assert is_timeout


def test_trio_is_in_virtual_time_with_its_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("trio")
    monkeypatch.delenv("PYTHONPATH")
    before = """
async def main():
    with trio.move_on_after(5): await trio.sleep(3600)
    return await trio.to_thread.run_sync(lambda: time.sleep(3) or elapsed()[0])
"""
    assert told(tmp_path, "return trio.run(main)", before=f"import trio{before}") == 8


def test_a_home_that_cannot_be_written_to_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/proc/nowhere")
    assert told(tmp_path, "time.sleep(60); return elapsed()[0]") == 60


def test_an_answer_that_is_no_longer_waited_for_is_noted_as_such(tmp_path: Path) -> None:
    seen = run(in_python(tmp_path, "try: fetch('/oauth/token', timeout=2)\nexcept OSError: pass", BEFORE), LATE, HELLO)
    (returned,) = (entry for entry in seen.trace if isinstance(entry, Returned))
    assert not returned.answered
    assert outcomes(seen) == ["accepted"]


TWO = (Message(Guest("Ann", "a"), "a"), Message(Guest("Bob", "b"), "b"))
RACES = "list(futures.ThreadPoolExecutor(3).map(lambda n: fetch(f'/{text}/{n}'), range(3)))"


def test_the_same_scenario_makes_the_same_trace(tmp_path: Path) -> None:
    both = SendParallel(TWO, schedule=(1, 3, 0, 2, 2, 1))
    body = f"{RACES}\nimport random; time.sleep(random.random())"
    runs = [run(in_python(tmp_path, body, BEFORE), both, HELLO, chance=7) for _ in range(4)]
    traces = {str(run.trace).replace(run.client_id, "") for run in runs}
    assert len(traces) == 1


def test_the_schedule_picks_which_request_comes_first(tmp_path: Path) -> None:
    orders = set()
    for schedule in ((), (2,), (5, 1)):
        seen = run(in_python(tmp_path, RACES, BEFORE), SendParallel(TWO, schedule=schedule))
        orders.add(tuple(entry.path for entry in seen.trace if isinstance(entry, Arrival)))
    assert len(orders) > 1


def test_what_it_keeps_in_sets_has_the_same_order_there_each_time(tmp_path: Path) -> None:
    body = """
    async def one():
        return [asyncio.current_task(), asyncio.get_running_loop().create_future()]

    with futures.ThreadPoolExecutor(1) as pool:
        kept = [pool.submit(time.sleep, 0), *pool._threads, *asyncio.run(one())]
    return [hash(one) for one in kept]
    """
    assert max(told(tmp_path, body)) < 20


def test_its_tasks_are_futures(tmp_path: Path) -> None:
    body = """
    async def one():
        return isinstance(asyncio.current_task(), asyncio.Future)

    return [asyncio.run(one()), issubclass(asyncio.Task, asyncio.Future)]
    """
    assert told(tmp_path, body) == [True, True]


def test_processes_that_it_starts_share_its_time(tmp_path: Path) -> None:
    body = """
    child = "import time; began = time.time(); time.sleep(3600); print(round(time.time() - began))"
    return [subprocess.check_output([sys.executable, "-c", child]).decode().strip(), elapsed()[0]]
    """
    seen = run(in_python(tmp_path, body, BEFORE), HELLO)
    assert (errors(seen), header(seen).clock) == (['["3600", 3600.0]'], "virtual")


def test_a_copy_of_the_process_shares_its_time(tmp_path: Path) -> None:
    body = """
    import multiprocessing
    context = multiprocessing.get_context("fork")
    child = context.Process(target=time.sleep, args=(1800,))
    child.start(); child.join()
    return elapsed()[0]
    """
    assert told(tmp_path, body) == 1800


def test_a_process_without_a_shim_is_waited_for_and_makes_the_clock_a_mixed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "GRACE", 0.05)
    body = "return subprocess.check_output(['sh', '-c', 'sleep 0.2; echo done']).decode().strip()"
    seen = run(in_python(tmp_path, body, BEFORE), HELLO)
    assert (errors(seen), header(seen).clock) == (['"done"'], "mixed")


def test_native_code_that_waits_is_waited_for_and_makes_the_clock_a_mixed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "FOREIGN", PATIENCE)
    body = """
    import ctypes
    libc = ctypes.CDLL(None)
    first = []
    timer = threading.Timer(3600, first.append, ["the timer"]); timer.start()
    libc.usleep(300_000)
    first.append("the call"); timer.join()
    return first[0]
    """
    seen = run(in_python(tmp_path, body, BEFORE), HELLO)
    assert errors(seen) == ['"the call"']
    assert header(seen).time == (
        "the client's time was real in part: it waited for native code in __main__.send, which virtual time does not reach"
    )


@pytest.mark.parametrize(
    ("use", "reason"),
    [
        ("import gevent", "it uses gevent"),
        ("signal.alarm(5)", "signal.alarm counts real time"),
        ("os.closerange(3, 100)", "it closed the socket"),
    ],
)
def test_what_cannot_be_moved_is_said(tmp_path: Path, use: str, reason: str) -> None:
    (tmp_path / "gevent.py").write_text("")
    with pytest.raises(BeyondVirtualTime, match=reason):
        run(in_python(tmp_path, f"import signal; {use}"), HELLO)


def test_a_client_that_floods_the_platform_is_stopped(tmp_path: Path) -> None:
    assert run(in_python(tmp_path, "while True: fetch()", BEFORE), HELLO).hung == "it made more than 300 requests"


@pytest.mark.parametrize(
    "body", ["while True: pass", "lock = threading.Lock()\nwith lock: lock.acquire()", "while True: time.sleep(3600)"]
)
def test_a_client_that_never_comes_to_an_end_is_given_up(tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "MOST_RESTS", 2)
    hung = run(in_python(tmp_path, body, BEFORE), HELLO, patience=0.5).hung
    assert hung in {
        "the client hangs: for 0.5 s neither an answer on stdout nor a request",
        "it waits for what can never come: for no answer, no input and no timer",
        "it was still waiting after 24 h of virtual time",
    }


def test_threads_that_outlive_the_input_come_to_their_end(tmp_path: Path) -> None:
    before = BEFORE + "threading.Thread(target=lambda: (time.sleep(7200), fetch('/last'))).start()"
    seen = run(in_python(tmp_path, "return None", before), HELLO)
    assert [entry.path for entry in seen.trace if isinstance(entry, Arrival)] == ["/last"]


def test_settings_of_the_users_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    (own / "contracts").mkdir(parents=True)
    (own / "sitecustomize.py").write_text("import os\nos.environ['CUSTOM'] = 'yes'\n")
    (own / "contracts" / "__init__.py").write_text("OWN = 7\n")
    monkeypatch.setenv("PYTHONPATH", str(own))
    monkeypatch.setenv("PYTHONHASHSEED", "5")
    body = """
    import contracts, sitecustomize
    seeds = os.environ["PYTHONHASHSEED"]
    time.sleep(60)
    return [os.environ["CUSTOM"], contracts.OWN, seeds, sitecustomize.__file__, elapsed()[0]]
    """
    assert told(tmp_path, body) == ["yes", 7, "5", str(own / "sitecustomize.py"), 60]


def test_where_nobody_listens_time_is_real(tmp_path: Path) -> None:
    program = "import sys, time; print(time.time() > 0, type(time.sleep).__name__, 'contracts' in sys.modules)"
    variables = shimmed(dict(os.environ), str(tmp_path / "nobody"))
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("True builtin_function_or_method False\n", "", 0)


def test_a_question_longer_than_a_pipe_holds_arrives(tmp_path: Path) -> None:
    long = Send(Guest("Zoë \u2028", "z"), "x" * 200_000)
    assert told(tmp_path, "return [guest['name'], len(text)]", long) == ["Zoë \u2028", 200_000]
