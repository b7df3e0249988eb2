"""MCP sessions, request by request, as in revision 2025-11-25: Transports, Session Management."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contracts.verify import ProtocolViolated, verify_protocol
from mockserver.engine.model import Fault
from mockserver.platform import find
from tests.mockserver.platforms.served import DECLARED, broken_by_false_failure, clauses, served, told

HALF_AN_HOUR = 1_800_000
JSON = {"content-type": "application/json"}
TOOLS = {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}
RESULTS: dict[str, Any] = {
    "tools/list": TOOLS,
    "tools/call": {"content": [{"type": "text", "text": "ok"}]},
    "ping": {},
}


def rpc(mcp: httpx.Client, method: str, session: str | None = None, **message: Any) -> httpx.Response:
    headers = {"Mcp-Session-Id": session} if session else {}
    return mcp.post("/mcp", json={"jsonrpc": "2.0", "id": 7, "method": method, **message}, headers=headers)


def begun(mcp: httpx.Client) -> str:
    return rpc(mcp, "initialize").headers["Mcp-Session-Id"]


def failed(status: int, reason: str, code: int, words: str, **headers: str) -> tuple[int, str, dict[str, str], Any]:
    """An error response of JSON-RPC that no request is known for."""
    return status, reason, JSON | headers, {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": words}}


def ways(mcp: httpx.Client, session: str | None) -> list[httpx.Response]:
    """Return the answers to every request that shows a session, but for the one that ends it."""
    calls = [rpc(mcp, method, session) for method in (*RESULTS, "prompts/list")]
    notified = rpc(mcp, "notifications/initialized", session, id=None)
    return [*calls, notified, mcp.get("/mcp", headers={"Mcp-Session-Id": session} if session else {})]


def test_a_session_begins_with_initialize() -> None:
    """1: the server may assign a session ID, in the answer to initialize."""
    mcp, _ = served("mcp")
    status, reason, headers, body = told(rpc(mcp, "initialize"))
    assert headers.pop("mcp-session-id")
    result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "mock", "version": "1"}}
    assert (status, reason, headers, body) == (200, "", JSON, {"jsonrpc": "2.0", "id": 7, "result": result})


def test_the_session_is_shown_in_all_requests_that_follow() -> None:
    """2, and Sending Messages to the Server, 4: a notification is answered 202."""
    mcp, mock = served("mcp")
    session = begun(mcp)
    for method, result in RESULTS.items():
        assert told(rpc(mcp, method, session)) == (200, "", JSON, {"jsonrpc": "2.0", "id": 7, "result": result})
    unknown = {"jsonrpc": "2.0", "id": 7, "error": {"code": -32601, "message": "Method not found"}}
    assert told(rpc(mcp, "prompts/list", session)) == (200, "", JSON, unknown)
    assert told(rpc(mcp, "notifications/initialized", session, id=None)) == (202, "", {}, "")
    # Listening for Messages from the Server, 4: 405 if there is no stream.
    assert told(mcp.get("/mcp", headers={"Mcp-Session-Id": session})) == (405, "", {"allow": "DELETE, POST"}, "")
    assert told(rpc(mcp, "server/discover", session)) == failed(404, "operation.operation", -32601, "Method not found")
    for _ in range(2):
        mock.advance(HALF_AN_HOUR - 1)
        assert rpc(mcp, "ping", session).status_code == 200


def test_a_request_without_a_session_is_a_bad_request() -> None:
    """2: servers should respond with 400."""
    mcp, _ = served("mcp")
    for answer in (*ways(mcp, None), mcp.delete("/mcp")):
        assert told(answer) == failed(400, "session.missing", -32000, "Bad Request: no session")


def test_a_session_that_is_over_is_not_found() -> None:
    """3: after that the server must respond with 404; 5: a client ends a session by DELETE."""
    mcp, mock = served("mcp")
    session = begun(mcp)
    mock.advance(HALF_AN_HOUR)
    for answer in ways(mcp, session):
        assert told(answer) == failed(404, "session.idle", -32001, "Session not found")
    assert told(rpc(mcp, "ping", "made-up")) == failed(404, "session.unknown", -32001, "Session not found")
    session = begun(mcp)
    assert told(mcp.delete("/mcp", headers={"Mcp-Session-Id": session})) == (204, "", {}, "")
    assert told(rpc(mcp, "ping", session)) == failed(404, "session.ended", -32001, "Session not found")
    assert mcp.delete("/mcp", headers={"Mcp-Session-Id": session}).status_code == 404


def test_other_answers_are_errors_of_json_rpc() -> None:
    mcp, mock = served("mcp")
    assert told(mcp.get("/sse")) == failed(404, "route.route", -32600, "no such path")
    put = failed(405, "method.method", -32600, "no such method", allow="DELETE, GET, POST")
    assert told(mcp.put("/mcp")) == put
    mock.plan(Fault(kind="status", status=503))
    assert told(rpc(mcp, "ping", begun(served("mcp")[0]))) == failed(503, "fault.injected", -32603, "try again")


class Tool:
    """Calls tools, each in a session of its own."""

    wrong: str = ""

    def __init__(self, platform: Any) -> None:
        self._http: httpx.Client = platform.http_client()

    def tool_call(self, **called: Any) -> None:
        session = begun(self._http)
        changed = {self.wrong: "other"} if self.wrong else {}
        answer = rpc(self._http, "tools/call", session, params=called | changed)
        answer.raise_for_status()


class OtherName(Tool):
    wrong = "name"


class OtherArguments(Tool):
    wrong = "arguments"


def test_a_tool_is_called_as_it_was_asked_for() -> None:
    platform = DECLARED.get("mcp", find("mcp"))
    assert verify_protocol(Tool, platform, clauses="D4", examples=2).clauses[0].status == "held"
    for client in (OtherName, OtherArguments):
        with pytest.raises(ProtocolViolated, match="D4/tool_call"):
            verify_protocol(client, platform, clauses="D4", examples=2)


def test_clients_are_judged_by_these_clauses() -> None:
    section = "MCP 2025-11-25, Transports, Session Management"
    session = dict.fromkeys(("R1/session", "R2/session"), f"MUST {section}, 4")
    session |= {"S4/session": f"MUST {section}, 2", "A4/session": f"advice {section}, 2", "A2/session": ""}
    call = {"D1/tool_call": "advice MCP 2025-11-25, schema, ToolAnnotations", "D4/tool_call": ""}
    call["D3/tool_call"] = "advice MCP 2025-11-25, Tools, Error Handling"
    assert clauses("mcp") == {**session, **call, "R4": "", "R5": ""}


def test_a_tool_that_was_called_was_called() -> None:
    body = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": "hello"}}}
    assert broken_by_false_failure("mcp", "tool_call", "/mcp", body=body) == {"D3/tool_call"}
