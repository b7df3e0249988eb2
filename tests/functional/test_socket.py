"""`dayfly verify --socket` on the official Python SDK: what its HTTP stack does by itself is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.functional.sdk.installed import python_sdk

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def verify(client: str, home: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit status and the JSON report."""
    environment = {**os.environ, "PYTHONPATH": str(python_sdk()), "HOME": str(home)}
    ran = subprocess.run(
        [sys.executable, "-m", "contracts.cli", "verify", client, "--socket", "--seed", "0", "--json", *options],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert ran.returncode in {0, 1}, ran.stderr
    return ran.returncode, json.loads(ran.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The SDK watches the home directory."""
    return tmp_path


def test_a_hidden_resend_meets_a_lost_response(home: Path) -> None:
    options = ("--examples", "30", "--clause", "S1", "--clause", "D1")
    status, report = verify("fixtures/clients/sdk_untouched.py:factory", home, *options)
    assert status == 1
    reused, doubled = (clause["counterexample"] for clause in report["clauses"])
    sends = [entry for entry in reused["trace"] if entry.get("operation") == "send"]
    assert len({entry["body"]["webChatSessionId"] for entry in sends}) < len(sends)
    assert any(entry.get("delivery") in {"lost_response", "truncated"} for entry in doubled["trace"] if entry.get("accepted"))
    assert [entry["accepted"] for entry in doubled["trace"] if entry.get("accepted")] == [True, True]
    assert all(len(set(found["confidence"].values())) == 1 and found["minimal"] for found in (reused, doubled))


def test_a_client_that_switches_it_off_keeps_every_clause(home: Path) -> None:
    status, report = verify("fixtures/clients/sdk_recovering.py:factory", home, "--examples", "10")
    assert status == 0
    assert {clause["status"] for clause in report["clauses"]} <= {"held", "not_exercised"}
