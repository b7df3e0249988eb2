"""Each refusal of the shipped platforms is reproduced by a short story, which has been run with that result."""

from __future__ import annotations

import httpx
import pytest

from contracts.console_panels import extend
from contracts.protocol.probe import Prober
from contracts.remote.control import ADMIN, RemoteControl
from contracts.remote.web import Web
from contracts.replay.minimize import NotReproduced, distil_declared
from contracts.replay.minimize.declared import MOST
from contracts.stories.model import Asking
from contracts.stories.run import run
from contracts.stories.stage import MockInProcess
from mockserver.declared.mock import Mock
from mockserver.declared.past import past_of
from mockserver.platform import compile_platform, find
from mockserver.web.declared import create_declared_app

LONGEST = 4
"""Steps of the longest story: a code, tokens for it, and a token that is used twice."""


def open_mock(name: str) -> tuple[Mock, httpx.Client]:
    mock = Mock(compile_platform(find(name)), system=lambda: 1_795_348_800_000)
    app = create_declared_app(mock, extensions=(lambda app, parts: extend(app, parts, name),))
    return mock, httpx.Client(transport=httpx.WSGITransport(app), base_url="http://127.0.0.1")


@pytest.mark.parametrize("name", ["mcp", "acme", "oauth", "jenkins"])
def test_each_refusal_of_a_probe_is_reproduced(name: str) -> None:
    mock = Mock(compile_platform(find(name)), system=lambda: 1_795_348_800_000)
    web = Web("http://127.0.0.1", transport=httpx.WSGITransport(create_declared_app(mock)))
    list(Prober(mock.platform, web, RemoteControl(web, "it", ADMIN), {}).checks())
    past = past_of(mock)
    refused = {f"{one.refused_by}.{one.cause}": one for one in past.requests if one.refused_by in mock.platform.order}
    assert refused
    for reason, one in refused.items():
        story = distil_declared(past, one.context_id, name)
        assert len(story.steps) <= LONGEST
        last = story.steps[-1]
        assert isinstance(last, Asking)
        assert (last.expect.status, last.expect.reason) == (one.status, reason)
        assert run(story, MockInProcess(mock.platform)).outcome == "as expected"


def test_what_issued_an_id_is_repeated_though_many_requests_showed_it_since() -> None:
    mock, http = open_mock("mcp")
    call = {"jsonrpc": "2.0", "id": 1}
    session = {"Mcp-Session-Id": http.post("/mcp", json=call | {"method": "initialize"}).headers["Mcp-Session-Id"]}
    for _ in range(2 * MOST):
        http.post("/mcp", json=call | {"method": "ping"}, headers=session)
    http.delete("/mcp", headers=session)
    http.post("/mcp", json=call | {"method": "ping"}, headers=session)
    past = past_of(mock)
    story = distil_declared(past, past.requests[-1].context_id, "mcp")
    assert len(story.steps) <= LONGEST


def test_what_happened_elsewhere_is_left_out() -> None:
    mock, http = open_mock("mcp")
    begin = {"jsonrpc": "2.0", "id": 1, "method": "initialize"}
    with http:
        for _ in range(3):
            http.post("/mcp", json=begin)
        session = http.post("/mcp", json=begin).headers["Mcp-Session-Id"]
        shown = {"Mcp-Session-Id": session}
        for _ in range(3):
            assert http.post("/mcp", json={**begin, "method": "ping"}, headers=shown).status_code == 200
        mock.end("session", session)
        refused = http.post("/mcp", json={**begin, "method": "ping"}, headers=shown)
        story = distil_declared(past_of(mock), refused.headers["Dayfly-Context"], "mcp")
        assert [step.words for step in story.steps if not hasattr(step, "seconds")] == [
            "initialize",
            "$session is ended",
            "ping",
        ]
        told = http.get(f"/__admin/organizations/default/requests/{refused.headers['Dayfly-Context']}/reproduce").json()
        assert told["scripts"].keys() == {"curl", "python", "node"}
        assert [one["answer"] for one in told["steps"]] == ["200", "", "404 session.ended"]
        page = http.get(f"/__admin/console/organizations/default/requests/{refused.headers['Dayfly-Context']}").text
        assert "The smallest chain found" in page
        assert "dayfly stories run --platform mcp session-ended.json" in page
        accepted = http.post("/mcp", json=begin).headers["Dayfly-Context"]
        with pytest.raises(NotReproduced, match="only a call that a guard refused"):
            distil_declared(past_of(mock), accepted, "mcp")
