"""An explanation of a declared platform: the end of a credential, its cause, and a call that would have been accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from mockserver.declared.explain import explained, explanation
from mockserver.declared.handler import DeclaredHandler
from mockserver.declared.mock import Mock, Registered
from mockserver.declared.past import DeclaredPast
from mockserver.engine.model import Fault
from mockserver.explain import Explanation
from mockserver.inprocess import Transport
from mockserver.journal_queries import Reader
from mockserver.platform import compile_platform, find, names
from tests.fixtures.toys import NOON
from tests.fixtures.wire import MESSAGES, SESSIONS

SECRET = "secret-of-the-client"
BACK = "https://app.example/back"


class Scene:
    """A mock whose clock moves only at a word, and calls of it by a user of OAuth or MCP."""

    def __init__(self, name: str, policy: Mapping[str, Any] | None = None) -> None:
        platform = compile_platform(find(name), policy)
        self.mock = Mock(platform, system=lambda: NOON, registered={"client": Registered("me", {"secret": SECRET})})
        self.http = httpx.Client(transport=Transport(DeclaredHandler(self.mock)), base_url="http://mock.test")

    def begin(self) -> str:
        return str(self.rpc("initialize").headers["Mcp-Session-Id"])

    def rpc(self, method: str, session: str | None = None) -> httpx.Response:
        shown = {} if session is None else {"Mcp-Session-Id": session}
        return self.http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": method}, headers=shown)

    def code(self) -> str:
        location = self.http.get("/authorize", params={"redirect_uri": BACK}).headers["Location"]
        return httpx.URL(location).params["code"]

    def exchange(self, code: str) -> httpx.Response:
        return self.grant(grant_type="authorization_code", code=code, redirect_uri=BACK)

    def tokens(self) -> tuple[str, dict[str, str]]:
        code = self.code()
        return code, self.exchange(code).json()

    def log_in(self) -> str:
        answer = self.http.post("/oauth/token", auth=("me", SECRET), data={"grant_type": "client_credentials"})
        return str(answer.json()["access_token"])

    def create(self, token: str) -> httpx.Response:
        return self.http.post(SESSIONS, headers={"Authorization": f"Bearer {token}"}, json={})

    def session(self) -> str:
        return str(self.create(self.log_in()).json()["webChatSessionId"])

    def send(self, session: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.log_in()}"}
        return self.http.post(MESSAGES, headers=headers, json={"webChatSessionId": session, "text": "Hello"})

    def grant(self, **form: str) -> httpx.Response:
        return self.http.post("/token", auth=("me", SECRET), data=form)

    def read(self, token: str) -> httpx.Response:
        return self.http.get("/resource/x", headers={"Authorization": f"Bearer {token}"})

    def told(self, refused: httpx.Response) -> Explanation:
        """The explanation by the mock, which must be that by its journal alone."""
        context_id = refused.headers["Dayfly-Context"]
        told = explanation(self.mock, context_id)
        entries = Reader(self.mock.store, self.mock.organization).entries()
        alone = explained(DeclaredPast(self.mock.platform, entries, self.mock.hide), context_id)
        assert [told.summary, told.accepted_if, told.missed] == [alone.summary, alone.accepted_if, alone.missed]
        return told


def test_a_call_that_came_too_late_says_by_how_much_and_which_session_was_good() -> None:
    scene = Scene("mcp")
    old = scene.begin()
    scene.mock.advance(1_802_000)
    new = scene.begin()
    told = scene.told(scene.rpc("ping", old))
    assert "had not been used for 1800 s at 2026-11-22T12:30:00.000Z, 2 s before this request" in told.summary
    assert told.missed == "It came 2 s too late."
    assert f"before 2026-11-22T12:30:00.000Z, or with the MCP session {new}, which was good at that time" in str(
        told.accepted_if
    )
    assert scene.rpc("ping", new).status_code == 200


def test_without_another_session_a_new_one_is_named_with_its_source() -> None:
    scene = Scene("mcp")
    told = scene.told(scene.rpc("ping"))
    assert told.summary == "No MCP session was shown."
    source = "from initialize (POST /mcp) that was issued after 2026-11-22T12:00:00.000Z, in the header Mcp-Session-Id"
    assert told.accepted_if == f"The same call with an MCP session {source}."


ENDS: list[tuple[Callable[[Scene, str], object], str]] = [
    (lambda scene, id: scene.http.delete("/mcp", headers={"Mcp-Session-Id": id}), "by request 2 (terminate)"),
    (lambda scene, id: scene.mock.end("session", id), "by the control API"),
    (lambda scene, _: scene.mock.end("session"), "by the control API"),
]


@pytest.mark.parametrize(("end", "by"), ENDS)
def test_it_says_who_ended_a_session(end: Callable[[Scene, str], object], by: str) -> None:
    scene = Scene("mcp")
    session = scene.begin()
    end(scene, session)
    told = scene.told(scene.rpc("ping", session))
    assert f", {by}." in told.summary
    (story,) = told.credentials
    assert story.events[0].what == "brought by request 1 (initialize): 200"
    assert [event.this for event in story.events][-1]
    text = told.to_text(100)
    assert "What would have been accepted" in text
    assert all(len(line) <= 100 for line in text.splitlines())


EXPIRED: list[tuple[str, str, Callable[[Scene], tuple[str, Callable[[], httpx.Response]]]]] = [
    ("oauth", "access", lambda scene: ((token := scene.tokens()[1]["access_token"]), lambda: scene.read(token))),
    ("oauth", "code", lambda scene: ((code := scene.code()), lambda: scene.exchange(code))),
    ("webchat", "token", lambda scene: ((token := scene.log_in()), lambda: scene.create(token))),
    ("webchat", "session", lambda scene: ((session := scene.session()), lambda: scene.send(session))),
]
"""Of each kind of a shipped platform that can expire, one that is good, and a call that shows it."""


@pytest.mark.parametrize(("platform", "kind", "make"), EXPIRED)
def test_what_the_control_api_expired_did_not_expire_by_itself(
    platform: str, kind: str, make: Callable[[Scene], tuple[str, Callable[[], httpx.Response]]]
) -> None:
    scene = Scene(platform)
    id, show = make(scene)
    scene.mock.advance(1000)
    assert scene.mock.end(kind, id, by="expired") == 1
    scene.mock.advance(2000)
    told, name = scene.told(show()), f"{scene.mock.kind(kind).noun} {scene.mock.told_as(kind, id)}"
    assert told.summary == f"The control API had expired the {name} at 2026-11-22T12:00:01.000Z, 2 s before this request."


def test_every_kind_that_can_expire_is_tried() -> None:
    kinds = {(name, kind.name) for name in names() for kind in compile_platform(find(name)).kinds.values()}
    can = {(name, kind) for name, kind in kinds if "expired" in compile_platform(find(name)).kinds[kind].refused}
    assert can == {(platform, kind) for platform, kind, _ in EXPIRED}


def test_one_issued_and_ended_by_control_in_one_millisecond_was_ended_by_control() -> None:
    scene = Scene("webchat", {"token.live": 2})
    scene.mock.clock.freeze()
    token = scene.log_in()
    scene.mock.end("token", token, by="evicted")
    assert "The control API had evicted the token t:" in scene.told(scene.create(token)).summary


def test_a_cause_that_the_declaration_has_no_longer_is_told_as_it_is() -> None:
    scene = Scene("webchat")
    token = scene.log_in()
    scene.mock.end("token", token)
    refused = scene.create(token)
    kinds = dict(scene.mock.platform.kinds)
    kinds["token"] = replace(kinds["token"], refused={})
    scene.mock.platform = replace(scene.mock.platform, kinds=kinds)
    assert scene.told(refused).summary


def test_newer_ones_are_told_from_the_control_api() -> None:
    scene = Scene("webchat", {"token.live": 1})
    first, second = scene.log_in(), scene.log_in()
    assert "no more than 1 may live at once" in scene.told(scene.create(first)).summary
    scene.mock.advance(1000)
    scene.mock.end("token", second, by="evicted")
    assert "The control API had evicted the token t:" in scene.told(scene.create(second)).summary
    third = scene.log_in()
    scene.mock.advance(86_400_000)
    scene.mock.end("token", by="expired")
    assert "had lived for its 86400 s" in scene.told(scene.create(third)).summary


def test_a_journal_of_a_declaration_with_more_kinds_is_told_as_far_as_it_goes() -> None:
    scene = Scene("oauth")
    _, tokens = scene.tokens()
    scene.mock.end("access")
    refused = scene.read(tokens["access_token"])
    entries = list(Reader(scene.mock.store, scene.mock.organization).entries())
    known = scene.mock.platform
    fewer = replace(known, kinds={name: kind for name, kind in known.kinds.items() if name != "access"})
    (story,) = explained(DeclaredPast(fewer, entries), refused.headers["Dayfly-Context"]).credentials
    assert (story.kind, story.state) == ("access", "of a kind that this declaration does not have")


def test_the_server_s_own_client_is_known_to_a_journal_that_shows_it_accepted() -> None:
    scene = Scene("oauth")
    code = scene.code()
    told = [scene.exchange(code) for _ in range(2)][-1]
    entries = list(Reader(scene.mock.store, scene.mock.organization).entries())
    stories = explained(DeclaredPast(scene.mock.platform, entries), told.headers["Dayfly-Context"]).credentials
    assert {"client": "registered before this journal began"}.items() <= {one.kind: one.state for one in stories}.items()
    stranger = scene.http.post("/token", auth=("stranger", SECRET), data={"grant_type": "client_credentials"})
    entries = list(Reader(scene.mock.store, scene.mock.organization).entries())
    stories = explained(DeclaredPast(scene.mock.platform, entries), stranger.headers["Dayfly-Context"]).credentials
    assert [one.state for one in stories] == ["not known here"]


def test_a_client_that_no_guard_was_asked_about_is_not_taken_for_known() -> None:
    scene = Scene("webchat")
    headers = {"Content-Type": "text/plain"}
    refused = scene.http.post(
        "/oauth/token", auth=("stranger", SECRET), content=b"grant_type=client_credentials", headers=headers
    )
    (story,) = scene.told(refused).credentials
    assert (refused.status_code, story.kind, story.state) == (415, "client", "not known here")


def test_a_token_that_ended_with_its_grant_says_whose_fault_that_was() -> None:
    scene = Scene("oauth")
    code, tokens = scene.tokens()
    assert scene.grant(grant_type="authorization_code", code=code, redirect_uri=BACK).status_code == 400
    told = scene.told(scene.read(tokens["access_token"]))
    assert "with the grant that it belonged to, because request 3 (exchange) showed an old code" in told.summary
    assert tokens["access_token"] not in told.to_text()


def test_a_code_for_another_redirect_has_to_be_shown_beside_its_own() -> None:
    scene = Scene("oauth")
    location = scene.http.get("/authorize", params={"redirect_uri": BACK}).headers["Location"]
    told = scene.told(scene.grant(grant_type="authorization_code", code=httpx.URL(location).params["code"], redirect_uri="x"))
    assert "beside what it was issued with: redirect, grant" in str(told.accepted_if)


@pytest.mark.parametrize(
    ("fault", "accepted", "summary"),
    [
        (Fault(kind="status", status=503), "The same call without the injected fault.", "The platform saw the request"),
        (Fault(kind="status", status=502), "The same call without the injected fault.", "The platform was not asked"),
        (Fault(kind="lost_response"), None, "It was accepted. A fault was applied to the answer"),
    ],
)
def test_a_fault_is_no_refusal_of_the_platform(fault: Fault, accepted: str | None, summary: str) -> None:
    scene = Scene("mcp")
    scene.mock.plan(fault)
    with suppress(httpx.TransportError):
        scene.rpc("initialize")
    told = explanation(scene.mock, scene.mock.journal[-1].context_id)
    assert told.accepted_if == accepted
    assert summary in told.summary


@pytest.mark.parametrize(
    ("method", "path", "accepted"),
    [("GET", "/mpc", "the nearest is GET /mcp"), ("PUT", "/mcp", "A call of the same path with DELETE, GET, POST.")],
)
def test_a_call_of_no_operation_names_one(method: str, path: str, accepted: str) -> None:
    scene = Scene("mcp")
    assert accepted in str(scene.told(scene.http.request(method, path)).accepted_if)
