"""Load by wrk: creates and sends over 32 keep-alive connections, from a core of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from statistics import median
from typing import NamedTuple

import httpx

from tests.benchmarks.serving import CREDENTIALS, PEERS, pinned

CONNECTIONS = 32
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


class Load(NamedTuple):
    """Requests a second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def token(url: str, is_mock: bool) -> str:
    """A token of the mock's; peers take any."""
    if not is_mock:
        return "0" * 100
    answer = httpx.post(url + "/oauth/token", data={"grant_type": "client_credentials"}, auth=CREDENTIALS)
    granted: str = answer.raise_for_status().json()["access_token"]
    return granted


def load(url: str, bearer: str, seconds: float, *, warms_up: bool = False) -> Load:
    """One round. Stops if an answer was not a 200, for a wrong answer is not a fast one, but not if the round `warms_up`."""
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("the benchmark wants wrk, an HTTP load generator: apt-get install wrk")
    command = [program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}", "--latency", "-s", str(PEERS / "conversation.lua"), url]
    run = subprocess.run(
        [*pinned(1), *command], capture_output=True, text=True, env={**os.environ, "TOKEN": bearer}, check=True
    )
    if not warms_up and ("Non-2xx" in run.stdout or "Socket errors" in run.stdout):
        raise SystemExit(f"{url} answered wrongly under load:\n{run.stdout}")
    return Load(float(_found(r"Requests/sec:\s+([\d.]+)", run.stdout)[0]), _latency(run.stdout, 50), _latency(run.stdout, 99))


def _found(pattern: str, text: str) -> tuple[str, ...]:
    match = re.search(pattern, text)
    assert match is not None, text
    return match.groups()


def _latency(text: str, percentile: int) -> float:
    number, unit = _found(rf"\b{percentile}%\s+([\d.]+)(us|ms|s)\b", text)
    return float(number) * _UNITS[unit]


def middle(rounds: list[Load]) -> Load:
    """The median of each figure."""
    return Load(*(median(values) for values in zip(*rounds, strict=True)))


def memory(pid: int) -> int:
    """Resident memory of a process, in bytes."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Held(NamedTuple):
    """The resources of a process: resident bytes, threads, open descriptors."""

    memory: int
    threads: int
    descriptors: int


def held(pid: int) -> Held:
    """Look at a process of this machine."""
    return Held(memory(pid), len(os.listdir(f"/proc/{pid}/task")), len(os.listdir(f"/proc/{pid}/fd")))
