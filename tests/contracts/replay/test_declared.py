"""Stories of declared platforms are recorded, as a HAR file and as a journal, and the recording is replayed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts import cli
from contracts.clients.names import BASE_URL
from contracts.platform_requests import PlatformReply
from contracts.remote.control import ADMIN, RemoteControl
from contracts.remote.web import Web
from contracts.stories import library
from contracts.stories.codec import decode
from contracts.stories.run import run, tell
from contracts.stories.stage import MockInProcess, StoryStage
from mockserver.clock import iso
from mockserver.declared.mock import Mock
from mockserver.inprocess import Transport
from mockserver.platform import compile_platform, find
from mockserver.web.declared import create_declared_app
from tests.functional.test_cli_json import check

EVERY = [(platform, name) for platform in ("acme", "jenkins", "mcp", "oauth") for name in library.names(platform)]
START = 1_795_348_800_000
OUTSIDE = "revoked-from-outside"
"""A story in which the control API ends a token. A HAR file does not have that."""


class Taped(Web):
    """Keeps each request with its answer as an entry of a HAR file."""

    def __init__(self, mock: Mock, transport: httpx.BaseTransport) -> None:
        super().__init__(BASE_URL, transport=transport)
        self.mock, self.entries = mock, list[dict[str, Any]]()

    def ask(self, method: str, path: str, **parts: Any) -> PlatformReply:
        """See Web."""
        body = parts.get("content", b"").decode()
        sent: dict[str, Any] = {"method": method, "url": f"https://api.example.com{path}", "headers": _listed(parts["headers"])}
        if body:
            sent |= {"postData": {"mimeType": parts["headers"].get("Content-Type", ""), "text": body}}
        entry = {"startedDateTime": iso(self.mock.now()), "time": 1, "request": sent, "response": {"status": 0}}
        self.entries.append(entry)
        reply = super().ask(method, path, **parts)
        kept = {name: value for name, value in reply.headers.items() if not name.startswith("dayfly-")}
        content = {"mimeType": kept.get("content-type", ""), "text": reply.body.decode()}
        entry["response"] = {"status": reply.status, "headers": _listed(kept), "content": content}
        return reply


def _listed(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def recorded(platform: str, name: str, folder: Path) -> dict[str, Path]:
    """Run a story; return a HAR file and a journal of it."""
    mock = Mock(compile_platform(find(platform)), system=lambda: START)
    app = create_declared_app(mock)
    admin = httpx.WSGITransport(app)
    tape = Taped(mock, Transport(app.answering, lambda _: None))
    stage = StoryStage(tape, {}, RemoteControl(Web("http://127.0.0.1", transport=admin), "it", ADMIN), in_process=True)
    assert tell(library.find(name, platform), stage).outcome == "as expected"
    files = {kind: folder / f"{name}.{kind}" for kind in ("har", "jsonl")}
    files["har"].write_text(json.dumps({"log": {"version": "1.2", "creator": {"name": "a test"}, "entries": tape.entries}}))
    trace = httpx.Client(transport=admin).get("http://127.0.0.1/__admin/organizations/default/trace")
    files["jsonl"].write_bytes(trace.content)
    return files


@pytest.mark.parametrize("kind", ["har", "jsonl"])
@pytest.mark.parametrize(("platform", "name"), EVERY)
def test_a_recording_is_answered_as_it_was(
    platform: str, name: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = recorded(platform, name, tmp_path)[kind]
    status = cli.run(("reproduce", "--platform", platform, str(file), "--json"))
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    check("reproduce", told)
    if (name, kind) == (OUTSIDE, "har"):
        assert (status, told["agrees"]) == (1, False), printed.err
        return
    assert (status, told["agrees"]) == (0, True), printed.err
    expected = [step.expect for step in library.find(name, platform).steps if hasattr(step, "expect")]
    refused = {one.reason for one in expected if one.reason and isinstance(one.status, int) and one.status < 500}
    reasons = {refusal["reason"] for refusal in told["refusals"]}
    if kind == "har":  # of an id from before, an answer may not tell if it was made up or is over
        refused, reasons = ({reason.partition(".")[0] for reason in some} for some in (refused, reasons))
    assert refused <= reasons, printed.err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("{jsonl}",), "this is a journal of the platform mcp; add --platform mcp, or its file"),
        (("{jsonl}", "--platform", "acme"), "this is a journal of the platform mcp; add --platform mcp, or its file"),
        (("{har}", "--platform", "acme"), "0 of 5 entries are calls of this platform; is it the right platform?"),
        (("{har}", "--platform", "mcp", "--host", "x"), "--host is for the web chat"),
        (("{har}", "--platform", "mcp", "--emit", "curl", "--entry", "9"), "there is no entry 9 of the platform in it"),
    ],
)
def test_what_cannot_be_replayed_is_told(
    words: tuple[str, ...], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {kind: str(path) for kind, path in recorded("mcp", "idle-over-lunch", tmp_path).items()}
    assert cli.run(("reproduce", *(word.format(**files) for word in words))) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "status", "header", "agrees"),
    [
        ("/resource/a", 429, "Bearer abc", True),  # the platform declares no rate
        ("/resource/a", 520, "Bearer abc", True),
        ("/resource/a", 0, "Bearer abc", True),  # no answer came
        ("/resource/a%00b%zz?x=\x01 \xe9", 200, "Bearer abc", True),
        ("/resource/a", 301, "Bearer abc", False),
        ("/resource/a", 401, "Bearer \xe9\u4e2d", True),
        ("/resource/a", 200, "Bearer " + "z" * 70_000, True),
    ],
)
def test_odd_entries_are_replayed(
    path: str, status: int, header: str, agrees: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = {"method": "GET", "url": f"https://api.example.com{path}", "headers": _listed({"Authorization": header, ":a": "b"})}
    answer = {"status": status, "headers": [], "content": {"mimeType": "", "text": ""}}
    entry = {"startedDateTime": iso(START), "time": 1, "request": sent, "response": answer}
    (tmp_path / "odd.har").write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}))
    assert cli.run(("reproduce", "--platform", "oauth", str(tmp_path / "odd.har"), "--json")) == (0 if agrees else 1)
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["recorded"]["status"] == (status or None)


def entry(minute: int, method: str, path: str, sent: dict[str, str], status: int, body: str = "{}", form: str = "") -> Any:
    request: dict[str, Any] = {"method": method, "url": f"https://api.example.com{path}", "headers": _listed(sent)}
    if form:
        request["postData"] = {"mimeType": "application/x-www-form-urlencoded", "text": form}
    answer = {"status": status, "headers": [], "content": {"mimeType": "application/json", "text": body}}
    return {"startedDateTime": iso(START + 60_000 * minute), "time": 1, "request": request, "response": answer}


def replayed(platform: str, entries: list[Any], file: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    file.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    cli.run(("reproduce", "--platform", platform, str(file), "--json"))
    return json.loads(capsys.readouterr().out)


def test_what_is_from_before_belongs_to_what_was_shown_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sessions = [{"Cookie": f"JSESSIONID=W{number}"} for number in (1, 2)]
    read = [entry(nth, "GET", "/job/a/api/json", shown, 200) for nth, shown in enumerate(sessions)]
    crumbs = [shown | {"Jenkins-Crumb": f"C{nth}"} for nth, shown in enumerate(sessions)]
    done = [entry(2 + nth, "POST", "/job/a/enable", shown, 200) for nth, shown in enumerate(crumbs)]
    assert replayed("jenkins", read + done, tmp_path / "two.har", capsys)["agrees"]


def test_a_later_entry_does_not_change_an_earlier_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Entry 3 shows a session from before the recording. Entry 2 comes after its own session's idle timeout."""
    began = entry(0, "POST", "/mcp", {}, 200)
    began["request"]["postData"] = _rpc("initialize")
    began["response"]["headers"] = _listed({"Mcp-Session-Id": "brought"})
    gone = entry(40, "POST", "/mcp", {"Mcp-Session-Id": "brought"}, 404, json.dumps({"error": {"code": -32001}}))
    older = entry(90, "POST", "/mcp", {"Mcp-Session-Id": "from-before"}, 200)
    for one in (gone, older):
        one["request"]["postData"] = _rpc("ping")
    told = replayed("mcp", [began, gone, older], tmp_path / "later.har", capsys)
    assert [one["reproduced"]["status"] for one in told["results"]] == [200, 404, 200]
    assert [one["reason"] for one in told["refusals"]] == ["session.idle"]


def _rpc(method: str) -> dict[str, str]:
    return {"mimeType": "application/json", "text": json.dumps({"jsonrpc": "2.0", "id": 1, "method": method})}


def test_a_client_has_the_secret_that_was_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        entry(nth, "POST", "/token", {"Authorization": httpx.BasicAuth("me", secret)._auth_header}, *answer, form=FORM)
        for nth, (secret, answer) in enumerate([("wrong", WRONG), ("right", RIGHT)])
    ]
    assert replayed("oauth", asked, tmp_path / "secrets.har", capsys)["agrees"]


FORM = "grant_type=client_credentials"
WRONG = 401, '{"error": "invalid_client"}'
RIGHT = 200, '{"access_token": "abcdefghijklmnop", "token_type": "Bearer", "expires_in": 3600}'


def test_nothing_is_said_of_the_past_of_what_is_from_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    me = {"Authorization": httpx.BasicAuth("me", "right")._auth_header}
    gone = '{"error": "invalid_grant", "error_description": "The refresh token is not valid."}'
    asked = [entry(0, "POST", "/token", me, 400, gone, form="grant_type=refresh_token&refresh_token=abcdefghijklm")]
    (refusal,) = replayed("oauth", asked, tmp_path / "gone.har", capsys)["refusals"]
    assert refusal["cause"].startswith("The refresh token is from before the recording began")
    assert refusal["missed"] is None


@pytest.mark.parametrize(
    "note",
    [
        {"kind": 5},
        {"kind": ["session"], "id": {}},
        {"kind": "nonsense", "id": "x"},
        {"kind": "session"},
        {"kind": "session", "id": 7},
    ],
)
def test_notes_of_another_declaration_are_passed_over(
    note: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = recorded("mcp", "idle-over-lunch", tmp_path)["jsonl"]
    first, *rest = file.read_text().splitlines()
    odd = json.loads(rest[0]) | {"type": "perturbed", "what": "register", "detail": note}
    kept = {name: odd[name] for name in ("type", "seq", "at", "what", "detail") if name in odd}
    file.write_text("\n".join([first, json.dumps(kept), *rest]) + "\n")
    cli.run(("reproduce", "--platform", "mcp", str(file)))
    assert "internal error" not in capsys.readouterr().err


def test_after_a_reset_requests_are_named_as_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mock = Mock(compile_platform(find("mcp")), system=lambda: START)
    app = create_declared_app(mock)
    tape = Taped(mock, Transport(app.answering, lambda _: None))
    json_type = {"Content-Type": "application/json"}

    def call(method: str, shown: dict[str, str], verb: str = "POST") -> PlatformReply:
        body = b"" if verb == "DELETE" else json.dumps({"jsonrpc": "2.0", "id": 1, "method": method}).encode()
        return tape.ask(verb, "/mcp", headers=json_type | shown, content=body)

    call("initialize", {})
    admin = httpx.Client(transport=httpx.WSGITransport(app), base_url="http://127.0.0.1")
    admin.post("/__admin/reset")
    shown = {"Mcp-Session-Id": call("initialize", {}).headers["mcp-session-id"]}
    call("", shown, "DELETE")
    call("ping", shown)
    file = tmp_path / "reset.jsonl"
    file.write_bytes(admin.get("/__admin/organizations/default/trace").content)
    cli.run(("reproduce", "--platform", "mcp", str(file), "--json"))
    told = json.loads(capsys.readouterr().out)
    (number,) = [one["number"] for one in told["results"] if one["request"] == "terminate"]
    (refusal,) = told["refusals"]
    assert f"by request {number} (terminate)" in refusal["cause"]


def test_requests_are_named_by_their_entries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = recorded("mcp", "idle-over-lunch", tmp_path)["har"]
    document = json.loads(file.read_text())
    elsewhere = {**document["log"]["entries"][0], "request": {"method": "GET", "url": "https://elsewhere.example.com/"}}
    document["log"]["entries"].insert(0, elsewhere)
    file.write_text(json.dumps(document))
    assert cli.run(("reproduce", "--platform", "mcp", str(file), "--json")) == 0
    (refused,) = json.loads(capsys.readouterr().out)["refusals"]
    assert refused["number"] == 4
    assert "It was last used by entry 3 (ping)." in refused["cause"]


def test_a_refusal_that_is_answered_otherwise_has_no_story(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = recorded("mcp", "idle-over-lunch", tmp_path)["har"]
    document = json.loads(file.read_text())
    refused = next(entry["response"] for entry in document["log"]["entries"] if entry["response"]["status"] == 404)
    refused["status"] = 403
    file.write_text(json.dumps(document))
    assert cli.run(("reproduce", "--platform", "mcp", str(file), "--emit", "json")) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.search(r"was answered 403.*, and the mock answers 404", " ".join(printed.err.split()))


@pytest.mark.parametrize("kind", ["har", "jsonl"])
@pytest.mark.parametrize(("platform", "name"), EVERY)
def test_its_refusal_is_written_as_the_smallest_story(
    platform: str, name: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = [one.expect for one in library.find(name, platform).steps if hasattr(one, "expect") and one.expect.status != 200]
    file = recorded(platform, name, tmp_path)[kind]
    status = cli.run(("reproduce", "--platform", platform, str(file), "--emit", "json"))
    printed = capsys.readouterr()
    if (name, kind) == (OUTSIDE, "har"):
        assert "and the mock answers 200, so there is no story of it" in printed.err
        return
    first = next((one for one in refused if isinstance(one.status, int) and one.status >= 400), None)
    if first is None or first.reason is None:
        assert status == 2
        return
    assert status == 0, printed.err
    story = decode(printed.out.encode(), platform=platform)
    last = story.steps[-1].expect
    assert last.status == first.status
    assert last.reason == first.reason or (kind == "har" and first.reason.endswith(".unknown"))
    assert run(story, MockInProcess(compile_platform(find(platform)))).outcome == "as expected"
