"""`dayfly serve` with the judge in its console: several workers on a shared store, and all additions are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contracts.cli import run
from contracts.stories.exports import KINDS
from tests.functional.serving import Serving
from tests.functional.talking import Talker
from tests.need import need
from tests.valkey import Server

pytestmark = pytest.mark.slow

ADMIN = "/__admin/organizations/default"
CONSOLE = "/__admin/console/organizations/default"


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with Server(need("valkey")) as valkey, Serving("--store", valkey.url, "--workers", "2") as serving:
        yield serving


def refusals(serving: Serving) -> dict[str, str]:
    """Three messages answered 403, each for another reason: the reason, and the contextId."""
    with Talker(serving.told) as client:
        client.login()
        used, idle = client.session(), client.session()
        client.send(used)
        answers = [client.send(used), client.send("prev-session-uuid")]
        httpx.post(f"{serving.url}{ADMIN}/clock/advance", json={"seconds": 3600}).raise_for_status()
        answers.append(client.send(idle))
    return {answer.headers["Dayfly-Reason"]: answer.headers["ININ-Correlation-Id"] for answer in answers}


def test_three_refusals_are_reproduced_whichever_worker_is_asked(serving: Serving, tmp_path: Path) -> None:
    refused = refusals(serving)
    assert set(refused) == {"session.consumed", "session.unknown", "session.idle"}
    for reason, context_id in refused.items():
        asked = f"requests/{context_id}"
        for _ in range(3):
            with httpx.Client(base_url=serving.url, timeout=60) as fresh:  # a connection of its own may meet another worker
                told = fresh.get(f"{ADMIN}/{asked}/reproduce").raise_for_status().json()
                page = fresh.get(f"{CONSOLE}/{asked}").raise_for_status().text
            assert told["steps"][-1]["answer"] == f"403 {reason}"
            assert all(f'id="script-{kind}"' in page for kind in KINDS)
        file = tmp_path / "story.json"
        file.write_bytes(httpx.get(f"{serving.url}{CONSOLE}/{asked}/reproduce.json", timeout=60).raise_for_status().content)
        assert run(["stories", "run", str(file), "--url", serving.url]) == 0


def test_the_journal_of_all_workers_is_judged(serving: Serving) -> None:
    refusals(serving)
    page = httpx.get(f"{serving.url}{CONSOLE}/contract", timeout=60).raise_for_status().text
    assert 'id="S1"' in page
    assert 'class="call clash"' in page


def test_what_the_pages_want_is_let_in_by_their_policy(serving: Serving) -> None:
    sheet = httpx.get(f"{serving.url}/__admin/console/panels.css")
    assert sheet.headers["Content-Type"].startswith("text/css")
    assert ".timeline" in sheet.text
    page = httpx.get(f"{serving.url}{CONSOLE}/contract", timeout=60)
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
    assert 'href="/__admin/console/panels.css"' in page.text
