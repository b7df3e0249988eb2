"""The three ways to judge a recording: a test's platform, the console's tab and the command all infer messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contracts.cli import run
from contracts.console_panels.judged import judge
from contracts.pytest_platform import Platform, Platforms
from contracts.verify import ContractViolated
from mockserver.assemble import assemble
from mockserver.control import Control
from mockserver.journal import encode
from tests.contracts.recorded.story import CANNOT, Story
from tests.contracts.recorded.test_wrong import a_retry_storm
from tests.contracts.tape import PATHS


@pytest.fixture
def platform() -> Iterator[Platform]:
    platforms = Platforms()
    with platforms.platform() as made:
        yield made
    platforms.close()


def send(platform: Platform, http: httpx.Client, token: str, text: str) -> int:
    """A session and a message in it; the status of the send."""
    shown = {"Authorization": f"Bearer {token}"}
    guest = {"guest": {"name": "Ann", "email": "ann@example.com"}}
    session = http.post(PATHS["create"], json=guest, headers=shown).json()["webChatSessionId"]
    return http.post(PATHS["send"], json={"webChatSessionId": session, "text": text}, headers=shown).status_code


def logged_in(platform: Platform, http: httpx.Client) -> str:
    form = {"grant_type": "client_credentials"}
    answer = http.post(PATHS["token"], data=form, auth=(platform.client_id, platform.client_secret))
    return str(answer.json()["access_token"])


def test_a_storm_in_a_test_is_found(platform: Platform) -> None:
    platform.faults.add("status", "send", status=503, times=9)
    with platform.http_client() as http:
        token = logged_in(platform, http)
        assert [send(platform, http, token, "hello") for _ in range(10)] == [503] * 9 + [200]
    with pytest.raises(ContractViolated) as caught:
        platform.check()
    assert "R4" in [result.code for result in caught.value.report.violated]
    assert "inferred message 1 to Ann" in str(caught.value)


def test_a_test_that_sends_again_after_a_failure_is_not_its_clients_fault(platform: Platform) -> None:
    platform.faults.add("status", "send", status=503)
    with platform.http_client() as http:
        token = logged_in(platform, http)
        assert [send(platform, http, token, "hello") for _ in range(2)] == [503, 200]
    assert platform.check().exit_status() == 0


def test_the_command_finds_a_storm_in_a_journal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = Story()
    a_retry_storm(story)
    file = tmp_path / "storm.jsonl"
    file.write_bytes(b"\n".join(encode(entry).rstrip() for entry in story.journal().entries))
    assert run(["check", str(file)]) == 1
    told = capsys.readouterr().out
    assert "R4 retry-unbounded         violated" in told
    assert CANNOT in told


def test_the_console_finds_it_and_says_what_it_cannot_judge() -> None:
    with assemble() as assembly:
        tenant = Control(assembly).create_organization("shop")
        platform = Platform(tenant, assembly.handler)
        platform.faults.add("status", "send", status=503, times=9)
        with platform.http_client() as http:
            token = logged_in(platform, http)
            for _ in range(9):
                send(platform, http, token, "hello")
        told = judge(tenant)
    assert "R4" in [violation.result.code for violation in told.violations]
    assert any(CANNOT in remark for remark in told.remarks)
    assert "inferred message 1 to Ann" in told.violations[0].drawing
