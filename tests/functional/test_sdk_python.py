"""The official Python SDK against a live mock."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.sdk.acceptance import FOLDER, Acceptance, acceptance, holds_for_every_client
from tests.functional.sdk.installed import python_sdk

pytestmark = pytest.mark.slow


@pytest.fixture(params=["http", "https"])
def accepted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Acceptance]:
    # It watches a file in the home directory, and a proxy would take its requests elsewhere.
    environment = {"PYTHONPATH": str(python_sdk()), "HOME": str(tmp_path), "NO_PROXY": "*"}
    with acceptance([sys.executable, str(FOLDER / "walk.py")], environment, tls=request.param == "https") as accepted:
        yield accepted


def test_it_meets_the_platform_it_knows(accepted: Acceptance) -> None:
    holds_for_every_client(accepted)


def test_a_lost_response_meets_its_hidden_resend_and_a_delivered_message_is_reported_as_403(accepted: Acceptance) -> None:
    accepted.tenant.faults.add("lost_response", operation="send")
    steps = accepted.walk()
    assert steps["send"][0] == 403
    assert accepted.tenant.requests.count(operation="send", reason="message.accepted") == 1
    assert accepted.tenant.requests.count(operation="send", reason="session.consumed") >= 1
