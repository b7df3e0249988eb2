"""A platform of one's own: what an answer may promise, and what commands say of it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from contracts import ProtocolViolated, cli, verify_protocol
from mockserver import LiveServer
from mockserver.declared.mock import Mock
from mockserver.platform import compile_platform
from mockserver.web.declared import create_declared_app
from tests.contracts.protocol.test_probe import UPLOADS as TICKETS

UPLOADS = (
    TICKETS.replace("{status: 405}", "{status: 405}, '503': {status: 503, code: try_later, message: Later.}")
    + "x-effects: {store: {by: upload, delivery: any, with: {name: a}, keeps: {name: $request.path.name}}}\n"
)
NOT_NOW = "'503': {status: 503, code: try_later,"


class Keeps:
    """Shows its ticket again after a 503."""

    def __init__(self, platform):  # type: ignore[no-untyped-def] # as users write it
        self._http = platform.http_client()

    def store(self, name: str) -> None:
        ticket = self._ask("POST", "/tickets").json()["ticket"]
        self._ask("PUT", f"/files/{name}", headers={"X-Ticket": ticket}).raise_for_status()

    def _ask(self, *words: str, **options: dict[str, str]) -> httpx.Response:
        answer: httpx.Response = self._http.request(*words, **options)
        return self._http.request(*words, **options) if answer.status_code == 503 else answer


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    path = tmp_path / "uploads.yaml"
    path.write_text(UPLOADS)
    return path


def test_what_was_shown_may_be_shown_again_after_an_answer_that_is_declared_harmless(uploads: Path) -> None:
    with pytest.raises(ProtocolViolated, match="after a call with an unknown outcome"):
        verify_protocol(Keeps, uploads, clauses="S1")
    uploads.write_text(UPLOADS.replace(NOT_NOW, f"{NOT_NOW} harmless: true,"))
    (result,) = verify_protocol(Keeps, uploads, clauses="S1").clauses
    assert result.status == "held"


def test_more_examples_than_there_are_scenarios_are_told(uploads: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = f"{__file__}:Keeps"
    cli.run(["verify", "--platform", str(uploads), target, "--clause", "D4", "--examples", "100000"])
    assert "scenarios are all that there are; --examples 100000 adds none" in capsys.readouterr().err
    cli.run(["verify", "--platform", str(uploads), target, "--clause", "D4", "--examples", "3"])
    assert "all that there are" not in capsys.readouterr().err


def test_a_fault_is_planned_as_for_the_web_chat(uploads: Path) -> None:
    with (
        LiveServer(create_declared_app(Mock(compile_platform(uploads)))) as live,
        httpx.Client(base_url=live.url) as http,
    ):
        fault = {"kind": "status", "status": 503, "retry_after": 7, "operation": "create", "times": 2, "skip": 1}
        assert http.post("/__admin/faults", json=fault).status_code == 201
        assert [http.post("/tickets").status_code for _ in range(4)] == [201, 503, 503, 201]
        assert http.post("/__admin/faults", json={"kind": "statsu"}).status_code == 400


def test_a_cookie_that_an_example_sets_is_set_once(uploads: Path) -> None:
    example = "headers: {Set-Cookie: {example: 'sid={$issued.ticket}; Secure'}}, content:"
    text = UPLOADS.replace("$response.body#/ticket", "$response.cookie.sid").replace("content:", example, 1)
    uploads.write_text(text.replace("$request.header.X-Ticket", "$request.cookie.sid"))
    with LiveServer(create_declared_app(Mock(compile_platform(uploads)))) as live:
        (cookie,) = httpx.post(f"{live.url}/tickets").headers.get_list("Set-Cookie")
    assert cookie.endswith("; Secure")


@pytest.mark.parametrize(
    ("place", "body", "headers", "why"),
    [
        ("$request.body#/ticket", b"{", {}, "The body, which has to show it at $request.body#/ticket, is not JSON."),
        ("$request.body#/ticket", b"{}", {}, ""),
        ("$request.body#jws.protected/nonce", b'{"protected": "!"}', {}, "no member protected that is JSON in base64url"),
        ("$request.header.X-Ticket#basic.user", b"", {}, ""),
    ],
)
def test_an_id_that_cannot_be_read_is_told_from_one_that_is_not_there(
    uploads: Path, place: str, body: bytes, headers: dict[str, str], why: str
) -> None:
    uploads.write_text(UPLOADS.replace("$request.header.X-Ticket", place))
    with (
        LiveServer(create_declared_app(Mock(compile_platform(uploads)))) as live,
        httpx.Client(base_url=live.url) as http,
    ):
        refused = http.put("/files/x", content=body, headers=headers)
        told = http.get(f"/__admin/requests/{refused.headers['Dayfly-Context']}/explain").json()["summary"]
    assert told.startswith("No ticket was shown.")
    assert why in told
    assert bool(why) == (told != "No ticket was shown.")
