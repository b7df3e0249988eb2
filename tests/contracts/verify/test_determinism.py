"""Same seed, same verdict, same counterexample: whatever the process, its hashes, and the tests around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from contracts.clients.python import PythonClients
from contracts.clients.target import find
from contracts.report.json import document
from contracts.verify import Options, verify
from tests.contracts.verify.test_verify import Caching, Racing

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).parents[3] / "fixtures" / "clients"
THREADS, CACHED = f"{CLIENTS}/thread_pool.py:factory", f"{CLIENTS}/cached_session.py:factory"


def told(factory: Callable[[Any], Any], *clauses: str) -> str:
    """The whole report, but for the time it took."""
    plain = document(verify("client", PythonClients(factory), Options(seed=3, examples=6, clauses=clauses)))
    return json.dumps({name: value for name, value in plain.items() if name != "elapsed_s"})


@pytest.mark.parametrize(
    ("factory", "clauses"),
    [(Caching, ["S1"]), (Racing, ["S3"]), (find(THREADS), ["A3", "D3"])],
    ids=["sync", "async", "threads"],
)
def test_ten_runs_of_ten_end_the_same(factory: Callable[[Any], Any], clauses: list[str]) -> None:
    assert len({told(factory, *clauses) for _ in range(10)}) == 1


@pytest.fixture
def profile_of_somebody_else() -> Iterator[None]:
    before = settings.get_current_profile_name()
    settings.register_profile("somebody else's", max_examples=1, derandomize=True, phases=[Phase.explicit])
    settings.load_profile("somebody else's")
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("profile_of_somebody_else")
def test_hypothesis_settings_of_the_tests_around_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = told(Caching, "S1")
    monkeypatch.setattr("hypothesis.core.global_force_seed", 12345)  # pytest --hypothesis-seed
    assert told(Caching, "S1") == odd
    monkeypatch.undo()
    settings.load_profile("repeatable")
    assert told(Caching, "S1") == odd


def test_hashes_and_ci_change_nothing() -> None:
    def reported(**variables: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "contracts.cli", "verify", CACHED, "--seed", "3", "--examples", "6", "--json"]
        environment = {**os.environ, "COLUMNS": "100", **variables}
        done = subprocess.run([*command, "--clause", "S1"], capture_output=True, env=environment, check=False, timeout=120)
        report: dict[str, Any] = json.loads(done.stdout)
        del report["elapsed_s"]
        return report

    assert reported(PYTHONHASHSEED="1", CI="true") == reported(PYTHONHASHSEED="4711", CI="")
