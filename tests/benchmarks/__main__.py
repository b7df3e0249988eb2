"""``python -m tests.benchmarks``: speed and memory beside peers that answer the same bytes, as ratios of one run.

Rounds are interleaved and the median of each figure is shown; the server under load has one core, wrk the other. The table goes
to standard output, the figures to a JSON file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from tests.benchmarks import inside, java, serving
from tests.benchmarks.load import Held, Load, held, load, memory, middle, token
from tests.benchmarks.processes import Processes, processes
from tests.benchmarks.verifying import Throughput, throughput
from tests.need import need
from tests.valkey import Server

FEW, MANY = 1_000, 1_000_000
NODE, BARE, MOCK, MOCK_FULL = "node:http", "bare WSGI, granian", "dayfly, 10³ sessions", "dayfly, 10⁶ sessions"
BARE_STORE, MOCK_STORE = "bare WSGI, Valkey", "dayfly, Valkey"


class Aim(NamedTuple):
    """A figure beside what it is to reach."""

    name: str
    figure: float
    bound: float
    at_most: bool

    @property
    def reached(self) -> bool:
        """Return whether the figure keeps its bound."""
        return self.figure <= self.bound if self.at_most else self.figure >= self.bound


def under_load(
    rounds: int, seconds: float, store: str, peers: dict[str, list[str]]
) -> tuple[dict[str, Load], dict[str, list[int]]]:
    """Loads all servers in turns, `peers` among them. Also their resident bytes: before and after."""
    commands = {
        NODE: serving.node(),
        BARE: serving.bare(),
        MOCK: serving.dayfly(FEW),
        MOCK_FULL: serving.dayfly(MANY),
        BARE_STORE: serving.bare(store),
        MOCK_STORE: serving.dayfly(FEW, store),
        **peers,
    }
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving.running(command)) for name, command in commands.items()}
        tokens = {name: token(server.url, name.startswith("dayfly")) for name, server in servers.items()}
        sizes = {name: [memory(server.pid)] for name, server in servers.items()}
        loads: dict[str, list[Load]] = {name: [] for name in servers}
        for number in range(rounds + 1):
            for name, server in servers.items():
                measured = load(server.url, tokens[name], seconds, warms_up=not number)
                if number:  # the first round warms up
                    loads[name].append(measured)
        for name, server in servers.items():
            sizes[name].append(memory(server.pid))
    return {name: middle(measured) for name, measured in loads.items()}, sizes


def ready(times: int) -> float:
    """Seconds from the start of `dayfly serve` to its ready line."""
    figures = []
    for _ in range(times):
        begun = perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", "contracts.cli", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            figures.append(perf_counter() - begun)
            process.terminate()
    return median(figures)


def soak(minutes: float) -> list[Held]:
    """Return what the mock holds under load, at the start and after each twentieth of the time."""
    with serving.running(serving.dayfly(FEW)) as server:
        bearer = token(server.url, is_mock=True)
        samples = [held(server.pid)]
        for _ in range(20):
            load(server.url, bearer, minutes * 3)
            samples.append(held(server.pid))
    return samples


def _print_soak(minutes: float, samples: list[Held]) -> None:
    print("minutes  resident MiB  threads  descriptors")
    for number, sample in enumerate(samples):
        resident = sample.memory / (1 << 20)
        print(f"{minutes * number / 20:7.1f}  {resident:12.1f}  {sample.threads:7}  {sample.descriptors:11}")


def aims(
    loads: dict[str, Load],
    sizes: dict[str, list[int]],
    called: tuple[float, float],
    verified: tuple[Throughput, Processes],
    quick: bool,
) -> list[Aim]:
    """The figures and their bounds."""
    few, many, shared = loads[MOCK], loads[MOCK_FULL], loads[MOCK_STORE]
    own, general = inside.declared()
    per_session = (sizes[MOCK_FULL][0] - sizes[MOCK][0]) / (MANY - FEW)
    return [
        Aim("rate of node:http", few.rate / loads[NODE].rate, 0.6, False),
        Aim("rate of bare WSGI", few.rate / loads[BARE].rate, 0.7, False),
        Aim("p99 / p50, 10³ sessions", few.p99 / few.p50, 3, True),
        Aim("p99 / p50, 10⁶ sessions", many.p99 / many.p50, 5, True),
        Aim("rate at 10⁶ of that at 10³ sessions", many.rate / few.rate, 0.85, False),
        Aim("Valkey: rate of node:http", shared.rate / loads[NODE].rate, 0.08, False),
        Aim("Valkey: rate of bare WSGI, two scripts", shared.rate / loads[BARE_STORE].rate, 0.6, False),
        Aim("bytes a live session", per_session, 1024, True),
        Aim("seconds to ready", ready(3 if quick else 9), 0.5, True),
        Aim("in process: of a constant answer", called[0] / called[1], 1.15, True),
        Aim("engine's decision, µs", inside.decision(), 10, True),
        Aim("a declared web chat: of its own engine", general / own, 3, True),
        *_verified(*verified),
    ]


def _verified(python: Throughput, node: Processes) -> list[Aim]:
    return [
        Aim("scenarios verified: of a bare Hypothesis test", python.ours / python.bare, 0.5, False),
        Aim("a scenario in Node: of a bare Node process", node.ours / node.bare, 1, True),
    ]


def _verifications() -> tuple[Throughput, Processes]:
    python = throughput()
    return python, processes(round(python.calls))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute, and rougher")
    parser.add_argument("--verify", action="store_true", help="only this: scenarios a second of `dayfly verify`")
    parser.add_argument(
        "--soak", type=float, metavar="MINUTES", help="only this: memory, threads and descriptors over so many minutes of load"
    )
    parser.add_argument("--peers", action="store_true", help="WireMock and MockServer as well, which need java and mvn")
    parser.add_argument("--json", type=Path, default=Path(".bench/results.json"), metavar="FILE", help="where the figures go")
    options = parser.parse_args()
    if options.soak:
        _print_soak(options.soak, soak(options.soak))
        return
    if options.verify:
        _print_verified(*_verifications())
        return
    rounds, seconds = (3, 1.0) if options.quick else (7, 4.0)
    with Server(need("valkey")) as server:
        loads, memories = under_load(rounds, seconds, server.url, java.commands() if options.peers else {})
    called, verified = inside.in_process(), _verifications()
    found = aims(loads, memories, called, verified, options.quick)
    _print(loads, memories, called, found)
    _print_verified(*verified)
    _keep(options.json, loads, memories, found)


def _print(loads: dict[str, Load], sizes: dict[str, list[int]], called: tuple[float, float], found: list[Aim]) -> None:
    print(f"{'server':24} {'req/s':>8} {'of node':>8} {'p50 ms':>8} {'p99 ms':>8} {'MiB before → after':>20}")
    for name, measured in loads.items():
        before, after = (size / (1 << 20) for size in sizes[name])
        share = measured.rate / loads[NODE].rate
        figures = f"{measured.rate:8.0f} {share:8.2f} {measured.p50:8.2f} {measured.p99:8.2f}"
        print(f"{name:24} {figures} {before:11.0f} → {after:.0f}")
    print(f"\nin process, a create through httpx.Client: {called[0]:.0f} µs; a constant answer: {called[1]:.0f} µs\n")
    for aim in found:
        bound = f"{'at most' if aim.at_most else 'at least'} {aim.bound:g}"
        print(f"{aim.name:42} {aim.figure:9.3f}   {bound:14} {'reached' if aim.reached else 'NOT REACHED'}")


def _print_verified(python: Throughput, node: Processes) -> None:
    told = f"{python.ours:.0f} scenarios a second of processor time, of {python.calls:.1f} calls each"
    print(f"\nverify: {told}; a bare Hypothesis test: {python.bare:.0f}, a ratio of {python.ours / python.bare:.2f}")
    print(f"verify, in Node: {node.ours:.3f} s of processor time a scenario; a bare Node process: {node.bare:.3f} s")


def _keep(path: Path, loads: dict[str, Load], sizes: dict[str, list[int]], found: list[Aim]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "loads": {name: measured._asdict() for name, measured in loads.items()},
        "resident_bytes": sizes,
        "aims": [{**aim._asdict(), "reached": aim.reached} for aim in found],
    }
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
