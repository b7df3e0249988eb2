"""Crumbs and MCP sessions, request by request."""

from __future__ import annotations

from typing import Any

import httpx

from tests.mockserver.platforms.served import served

HALF_AN_HOUR = 1_800_000


def enable(jenkins: httpx.Client, crumb: str | None) -> int:
    headers = {"Jenkins-Crumb": crumb} if crumb else {}
    return jenkins.post("/job/build/enable", headers=headers).status_code


def test_a_crumb_ends_with_its_web_session() -> None:
    jenkins, mock = served("jenkins")
    told = jenkins.get("/crumbIssuer/api/json").json()
    assert told["crumbRequestField"] == "Jenkins-Crumb"
    assert enable(jenkins, None) == 403
    assert enable(jenkins, told["crumb"]) == 200
    mock.advance(HALF_AN_HOUR)
    assert enable(jenkins, told["crumb"]) == 403
    assert enable(jenkins, jenkins.get("/crumbIssuer/api/json").json()["crumb"]) == 200


def test_a_crumb_is_refused_in_another_web_session() -> None:
    jenkins, _ = served("jenkins")
    first = jenkins.get("/crumbIssuer/api/json").json()["crumb"]
    jenkins.cookies.clear()
    assert jenkins.get("/crumbIssuer/api/python").text.startswith("{'_class'")
    assert enable(jenkins, first) == 403


def rpc(mcp: httpx.Client, method: str, session: str | None = None, **message: Any) -> httpx.Response:
    headers = {"Mcp-Session-Id": session} if session else {}
    return mcp.post("/mcp", json={"jsonrpc": "2.0", "id": 7, "method": method, **message}, headers=headers)


def test_a_session_begins_with_initialize_and_ends_with_delete() -> None:
    mcp, _ = served("mcp")
    begun = rpc(mcp, "initialize")
    session = begun.headers["Mcp-Session-Id"]
    assert (begun.json()["id"], begun.json()["result"]["protocolVersion"]) == (7, "2025-11-25")
    assert rpc(mcp, "notifications/initialized", session, id=None).status_code == 202
    assert rpc(mcp, "tools/call", session, params={"name": "echo"}).json()["result"]["content"]
    assert mcp.get("/mcp", headers={"Mcp-Session-Id": session}).status_code == 405
    assert mcp.delete("/mcp", headers={"Mcp-Session-Id": session}).status_code == 204
    assert rpc(mcp, "tools/call", session).status_code == 404


def test_a_request_without_a_session_is_a_bad_request_and_an_unused_session_is_not_found() -> None:
    mcp, mock = served("mcp")
    assert rpc(mcp, "tools/list").status_code == 400
    session = rpc(mcp, "initialize").headers["Mcp-Session-Id"]
    mock.advance(HALF_AN_HOUR)
    assert rpc(mcp, "tools/list", session).status_code == 404


def test_a_method_that_is_not_there_is_an_error_of_json_rpc_and_no_dead_session() -> None:
    mcp, _ = served("mcp")
    session = rpc(mcp, "initialize").headers["Mcp-Session-Id"]
    unknown = rpc(mcp, "prompts/list", session)
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (200, -32601)
    assert rpc(mcp, "ping", session).json() == {"jsonrpc": "2.0", "id": 7, "result": {}}
