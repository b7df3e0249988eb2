"""The shim for Node: its clocks and timers, and when it takes a process to be idle."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts.clients.errors import BeyondVirtualTime
from contracts.clients.virtual import newcomers, simulation
from contracts.clients.virtual.starting import shimmed
from contracts.scenario import Fault, Item, Message, Send, SendParallel
from mockserver.journal import Arrival, Guest, Returned
from tests.contracts.clients.virtual.speaking import HELLO, PATIENCE, header, in_node, run
from tests.contracts.small import errors, outcomes
from tests.need import need
from tests.shims.sources import SOURCES, lost

PROCESSES = """
import { execFile } from "node:child_process"; import util from "node:util"; const run = util.promisify(execFile);
"""

ELAPSED = """
const began = [Date.now(), performance.now(), process.hrtime.bigint()];
const elapsed = () => [
  Date.now() - began[0], Math.round(performance.now() - began[1]), Number((process.hrtime.bigint() - began[2]) / 1000000n),
];
"""

THREE_TICKS = """
let n = 0;
await new Promise((done) => { const timer = setInterval(() => ++n === 3 && done(clearInterval(timer)), 500); });
"""


def told(folder: Path, body: str, *items: Item, before: str = "") -> Any:
    """What the function with this body returned."""
    seen = run(in_node(folder, body, before), *(items or (HELLO,)))
    assert errors(seen), seen.hung
    return json.loads(errors(seen)[0].removeprefix("Error: "))


@pytest.mark.parametrize(
    ("wait", "ms"),
    [
        ("await new Promise((done) => setTimeout(done, 3600_000))", 3_600_000),
        ("await new Promise((done) => setTimeout(done, 1e12))", 1),
        ("await promises.setTimeout(1500)", 1500),
        ("await promises.scheduler.wait(1500)", 1500),
        ("await util.promisify(setTimeout)(1500)", 1500),
        (
            THREE_TICKS,
            1500,
        ),
        ("let n = 0; for await (const _ of promises.setInterval(500)) if (++n === 3) break", 1500),
        ("const timer = setTimeout(() => {}, 10); timer.refresh(); clearTimeout(timer); await promises.setTimeout(5)", 5),
        ("await new Promise((done) => AbortSignal.timeout(900).addEventListener('abort', done))", 900),
        ("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500)", 2500),
    ],
)
def test_a_wait_takes_as_long_on_every_clock_as_it_was_asked_to(tmp_path: Path, wait: str, ms: int) -> None:
    before = 'import promises from "node:timers/promises"; import util from "node:util";'
    assert told(tmp_path, f"{ELAPSED} {wait}; return elapsed()", before=before) == [ms, ms, ms]


def test_a_busy_wait_comes_to_its_end(tmp_path: Path) -> None:
    assert told(tmp_path, f"{ELAPSED} const end = Date.now() + 5000; while (Date.now() < end); return elapsed()[0] >= 5000")
    body = f"{ELAPSED} while (Date.now() - began[0] < 5000) await new Promise(setImmediate); return elapsed()[0] >= 5000"
    assert told(tmp_path, body)


def test_the_date_is_the_mocks(tmp_path: Path) -> None:
    body = (
        "return [new Date().toISOString(), typeof Date(), new Date(0).getTime(), new Date() instanceof Date, Date.UTC(1970, 0)]"
    )
    assert told(tmp_path, body) == ["2026-01-01T12:00:00.000Z", "string", 0, True, 0]
    assert told(tmp_path, "return new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format()") == "1/1/2026"


def test_timers_strike_in_the_order_of_their_moments(tmp_path: Path) -> None:
    body = """
      const order = [];
      for (const ms of [30, 10, 20, 10]) setTimeout((name) => order.push(name), ms, `${ms}`);
      await new Promise((done) => setTimeout(done, 40));
      return order;
    """
    assert told(tmp_path, body) == ["10", "10", "20", "30"]


def test_the_context_of_a_timer_is_that_in_which_it_was_set(tmp_path: Path) -> None:
    body = "return storage.run(7, () => new Promise((done) => setTimeout(() => done(storage.getStore()), 10)))"
    before = 'import { AsyncLocalStorage } from "node:async_hooks"; const storage = new AsyncLocalStorage();'
    assert told(tmp_path, body, before=before) == 7


@pytest.mark.parametrize("source", SOURCES)
def test_no_time_passes_while_work_is_under_way(tmp_path: Path, source: str) -> None:
    """A short form of `python -m tests.shims`."""
    assert list(lost(tmp_path, SOURCES[source], 5)) == [(5, 0)]


LATE = Fault("token", "latency", seconds=400.0)
TOKEN = "`${process.env.DAYFLY_BASE_URL}/oauth/token`"


@pytest.mark.parametrize(
    ("ask", "ms", "why"),
    [
        (f"fetch({TOKEN}, {{ method: 'POST', signal: AbortSignal.timeout(2000) }})", 2000, "TimeoutError"),
        (f"fetch({TOKEN}, {{ method: 'POST' }})", 300_000, "UND_ERR_HEADERS_TIMEOUT"),
        (f"request({TOKEN}, {{ method: 'POST', timeout: 5000 }})", 5000, "timeout"),
        (
            f"request({TOKEN}, {{ method: 'POST', agent: new http.Agent({{ keepAlive: true, timeout: 7000 }}) }})",
            7000,
            "timeout",
        ),
    ],
)
def test_timeouts_of_requests_strike_when_they_should(tmp_path: Path, ask: str, ms: int, why: str) -> None:
    before = """
      import http from "node:http";
      const request = (url, options) => new Promise((done, fail) => {
        const asked = http.request(url, options, done);
        asked.on("timeout", () => asked.destroy(new Error("timeout"))).on("error", fail).end();
      });
    """
    body = f"""{ELAPSED} try {{ await {ask}; }} catch (error) {{
      return [elapsed()[0], error.cause?.code ?? (error.name === "Error" ? error.message : error.name)];
    }}"""
    elapsed, name = told(tmp_path, body, LATE, HELLO, before=before)
    assert name == why
    assert ms <= elapsed <= ms + 1000  # undici's own clock ticks every second


def test_an_answer_that_is_no_longer_waited_for_is_noted_as_such(tmp_path: Path) -> None:
    body = f"await fetch({TOKEN}, {{ method: 'POST', signal: AbortSignal.timeout(2000) }}).catch(() => 0)"
    seen = run(in_node(tmp_path, body), LATE, HELLO)
    (returned,) = (entry for entry in seen.trace if isinstance(entry, Returned))
    assert not returned.answered
    assert outcomes(seen) == ["accepted"]


def test_a_client_that_sleeps_for_an_hour_between_tries_is_run_at_once(tmp_path: Path) -> None:
    body = f"""
      for (let tries = 1; ; tries++) {{
        const answer = await fetch({TOKEN}, {{ method: "POST" }});
        if (answer.status !== 503) return tries;
        await new Promise((done) => setTimeout(done, 3600_000));
      }}
    """
    seen = run(in_node(tmp_path, body), Fault("token", "status", times=3, status=503), HELLO)
    assert errors(seen) == ["Error: 4"]
    arrivals = [entry.at for entry in seen.trace if isinstance(entry, Arrival)]
    assert [later - arrivals[0] for later in arrivals] == [0, 3_600_000, 7_200_000, 10_800_000]


TWO = (Message(Guest("Ann", "a"), "a"), Message(Guest("Bob", "b"), "b"))
RACES = "await Promise.all([1, 2, 3].map((n) => fetch(process.env.DAYFLY_BASE_URL + `/${text}/${n}`)))"


def test_the_same_scenario_makes_the_same_trace(tmp_path: Path) -> None:
    both = SendParallel(TWO, schedule=(1, 3, 0, 2, 2, 1))
    body = RACES + "; await new Promise((done) => setTimeout(done, 1000 * Math.random()))"
    runs = [run(in_node(tmp_path, body), both, HELLO, chance=7) for _ in range(4)]
    traces = {str(run.trace).replace(run.client_id, "") for run in runs}
    assert len(traces) == 1


def test_the_schedule_picks_which_request_comes_first(tmp_path: Path) -> None:
    orders = set()
    for schedule in ((), (2,), (5, 1)):
        seen = run(in_node(tmp_path, RACES), SendParallel(TWO, schedule=schedule))
        orders.add(tuple(entry.path for entry in seen.trace if isinstance(entry, Arrival)))
    assert len(orders) > 1


def test_options_for_node_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--title=kept")
    assert told(tmp_path, "return process.title") == "kept"


def test_what_is_loaded_before_the_client_is_in_virtual_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = tmp_path / "hook.cjs"
    hook.write_text("globalThis.before = [setTimeout, Date.now()];")
    monkeypatch.setenv("NODE_OPTIONS", f"--require={hook}")
    body = "return [new Date(before[1]).getFullYear(), before[0] === setTimeout]"
    assert told(tmp_path, body) == [2026, True]


def test_processes_that_it_starts_share_its_time(tmp_path: Path) -> None:
    child = tmp_path / "child.mjs"
    child.write_text("const began = Date.now(); setTimeout(() => console.log(Date.now() - began), 3600_000);")
    body = f"{ELAPSED} const {{ stdout }} = await run(process.execPath, [{str(child)!r}]); return [stdout.trim(), elapsed()[0]]"
    seen = run(in_node(tmp_path, body, PROCESSES), HELLO)
    assert (errors(seen), header(seen).clock) == (['Error: ["3600000",3600000]'], "virtual")


def test_a_process_without_a_shim_is_waited_for_and_makes_the_clock_a_mixed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomers, "GRACE", 0.05)
    body = "const { stdout } = await run('sh', ['-c', 'sleep 0.2; echo done']); return stdout.trim()"
    seen = run(in_node(tmp_path, body, PROCESSES), HELLO)
    assert (errors(seen), header(seen).clock) == (['Error: "done"'], "mixed")


def test_a_worker_is_waited_for_and_makes_the_clock_a_mixed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "FOREIGN", PATIENCE)
    body = """
      const program = "setTimeout(() => require('node:worker_threads').parentPort.postMessage(7), 200)";
      const worker = new Worker(program, { eval: true });
      const late = new Promise((done) => setTimeout(done, 60_000, "the timer"));
      return Promise.race([new Promise((done) => worker.once("message", done)), late]);
    """
    seen = run(in_node(tmp_path, body, 'import { Worker } from "node:worker_threads";'), HELLO)
    assert (errors(seen), header(seen).clock) == (["Error: 7"], "mixed")


def test_a_client_that_closes_the_socket_of_the_shim_is_not_judged_in_virtual_time(tmp_path: Path) -> None:
    before = """import fs from "node:fs";
      const leads = (fd) => { try { return fs.readlinkSync(`/proc/self/fd/${fd}`); } catch { return ""; } };
      const sockets = fs.readdirSync("/proc/self/fd").map(Number).filter((fd) => leads(fd).startsWith("socket:"));
      fs.closeSync(Math.max(...sockets));"""
    with pytest.raises(BeyondVirtualTime, match="it closed the socket"):
        run(in_node(tmp_path, "return 7", before), HELLO)


def test_a_client_that_floods_the_platform_is_stopped(tmp_path: Path) -> None:
    seen = run(in_node(tmp_path, "for (;;) await fetch(process.env.DAYFLY_BASE_URL)"), HELLO)
    assert seen.hung == "it made more than 300 requests"


@pytest.mark.parametrize("body", ["for (;;);", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)"])
def test_a_client_that_computes_or_blocks_for_ever_is_given_up(tmp_path: Path, body: str) -> None:
    seen = run(in_node(tmp_path, body), HELLO, patience=0.3)
    assert seen.lost
    assert seen.hung == "the client hangs: for 0.3 s neither an answer on stdout nor a request"


def test_a_client_that_starts_processes_for_ever_is_given_up(tmp_path: Path) -> None:
    body = "for (;;) await run(process.execPath, ['-e', '0'])"
    assert run(in_node(tmp_path, body, PROCESSES), HELLO, patience=0.3).lost


def test_a_client_that_never_stops_waiting_is_given_up(tmp_path: Path) -> None:
    seen = run(in_node(tmp_path, "for (;;) await new Promise((done) => setTimeout(done, 3600_000))"), HELLO)
    assert seen.hung == "it was still waiting after 24 h of virtual time"


def test_where_nobody_listens_time_is_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "console.log(Math.abs(Date.now() - performance.timeOrigin - performance.now()) < 1000, Date.now() > 0)"
    done = subprocess.run(
        [need("node"), "-e", program], env=shimmed({}, str(tmp_path / "nobody")), capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("true true\n", "", 0)


def test_a_question_longer_than_a_pipe_holds_arrives(tmp_path: Path) -> None:
    assert told(tmp_path, "return [guest.name, text.length]", Send(Guest("Zoë \u2028", "z"), "x" * 200_000)) == [
        "Zoë \u2028",
        200_000,
    ]
