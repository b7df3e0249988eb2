"""For every way to be answered there is a story that tells it as it was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import httpx
import pytest

from mockserver.assemble import Assembly
from mockserver.control import Control, Tenant
from mockserver.engine.model import Reason, State
from mockserver.errors import NotFound
from mockserver.explain import Explanation
from mockserver.explain.guards import REFUSED_BY
from mockserver.settings import Settings
from mockserver.wire import Request
from tests.mockserver.conftest import START, ManualClock, Mock
from tests.mockserver.explain.conftest import Tell

NOW = START / 1000


class World(NamedTuple):
    mock: Mock
    tenant: Tenant
    clock: ManualClock


@pytest.fixture
def world(mock: Mock, tenant: Tenant, clock: ManualClock) -> World:
    return World(mock, tenant, clock)


def login(mock: Mock, id: str, secret: str, **form: str) -> httpx.Response:
    return mock.http.post("/oauth/token", data={"grant_type": "client_credentials", **form}, auth=(id, secret))


def consumed(world: World) -> httpx.Response:
    session = world.mock.session()
    world.mock.send(session)
    world.clock.advance(0.25)
    return world.mock.send(session)


def idle(world: World) -> httpx.Response:
    session = world.mock.session()
    world.clock.advance(31.2)
    return world.mock.send(session)


def expired(world: World) -> httpx.Response:
    world.tenant.set_policy({"ttl": 10})
    session = world.mock.session()
    world.clock.advance(10)
    return world.mock.send(session)


def revoked(world: World) -> httpx.Response:
    session = world.mock.session()
    world.tenant.sessions.revoke(session)
    world.clock.advance(2)
    return world.mock.send(session)


def foreign(world: World) -> httpx.Response:
    session = world.mock.session()
    made = world.tenant.clients.create("other")
    token = login(world.mock, made.client_id, made.client_secret).json()["access_token"]
    return world.mock.send(session, headers={"Authorization": f"Bearer {token}"})


def forgotten(world: World) -> httpx.Response:
    world.tenant.set_policy({"retention": 60})
    session = world.mock.session()
    world.clock.advance(100)
    world.mock.session()
    return world.mock.send(session)


def token_ended(act: str) -> Callable[[World], httpx.Response]:
    def run(world: World) -> httpx.Response:
        getattr(world.tenant.tokens, act)()
        world.clock.advance(1)
        return world.mock.create()

    return run


def idle_token(world: World) -> httpx.Response:
    world.tenant.set_policy({"token_idle_timeout": 5})
    world.clock.advance(6)
    return world.mock.create()


def evicted_token(world: World) -> httpx.Response:
    world.tenant.set_policy({"max_tokens_per_client": 1})
    world.mock.login()
    headers = world.mock.headers
    world.mock.login()
    return world.mock.create(headers=headers)


def rejected(world: World) -> httpx.Response:
    world.tenant.reject_tokens()
    return world.mock.create()


def scope_missing(world: World) -> httpx.Response:
    world.tenant.revoke_scope("webchat:session:write")
    return world.mock.create()


def rate_limited(world: World) -> httpx.Response:
    world.tenant.set_policy({"rate_limit_per_minute": 1})
    world.mock.create()
    return world.mock.create()


def fault(world: World) -> httpx.Response:
    session = world.mock.session()
    world.tenant.faults.add("opaque_403")
    return world.mock.send(session)


def token(secret: str = "", **form: str) -> Callable[[World], httpx.Response]:
    def run(world: World) -> httpx.Response:
        return login(world.mock, world.tenant.client_id, secret or world.tenant.client_secret, **form)

    return run


def capacity(world: World) -> httpx.Response:
    world.mock.assembly.platform.max_live_sessions = 0
    return world.mock.create()


def no_room(world: World) -> httpx.Response:
    """The answer to a body that its door could not hold."""
    token = world.mock.headers["Authorization"]
    request = Request(method="POST", path=SEND, authorization=token, body=b"{", size=1 << 20, unheld=True)
    answer = world.mock.assembly.handler.handle(request)
    return httpx.Response(answer.status, headers=answer.headers, content=answer.body)


def post(path: str, **options: str) -> Callable[[World], httpx.Response]:
    def run(world: World) -> httpx.Response:
        headers = {**world.mock.headers, "Content-Type": options.get("type", "application/json")}
        return world.mock.http.request(options.get("method", "POST"), path, content=options.get("body", ""), headers=headers)

    return run


SEND = "/api/v2/conversations/messaging/external/guests/sendmessage"

WAYS: dict[Reason, Callable[[World], httpx.Response]] = {
    Reason.TOKEN_ISSUED: lambda world: world.mock.login(),
    Reason.SESSION_CREATED: lambda world: world.mock.create(),
    Reason.MESSAGE_ACCEPTED: lambda world: world.mock.send(world.mock.session()),
    Reason.AUTH_MISSING: lambda world: world.mock.create(headers={}),
    Reason.AUTH_MALFORMED: lambda world: world.mock.create(headers={"Authorization": "Digest nonsense"}),
    Reason.AUTH_UNKNOWN: lambda world: world.mock.create(headers={"Authorization": "Bearer null"}),
    Reason.AUTH_EXPIRED: token_ended("expire"),
    Reason.AUTH_IDLE: idle_token,
    Reason.AUTH_REVOKED: token_ended("revoke"),
    Reason.AUTH_EVICTED: evicted_token,
    Reason.AUTH_REJECTED: rejected,
    Reason.SCOPE_MISSING: scope_missing,
    Reason.MEDIA_TYPE: post(SEND, body="{}", type="text/plain"),
    Reason.TOO_LARGE: post(SEND, body=" " * ((1 << 20) + 1)),
    Reason.NOT_JSON: post(SEND, body="{"),
    Reason.NOT_OBJECT: post(SEND, body="[]"),
    Reason.INVALID: post(SEND, body='{"webChatSessionId": "", "text": "hi"}'),
    Reason.RATE_LIMITED: rate_limited,
    Reason.SESSION_CONSUMED: consumed,
    Reason.SESSION_IDLE: idle,
    Reason.SESSION_EXPIRED: expired,
    Reason.SESSION_REVOKED: revoked,
    Reason.SESSION_UNKNOWN: lambda world: world.mock.send("prev-session-uuid"),
    Reason.SESSION_FOREIGN: foreign,
    Reason.SESSION_FORGOTTEN: forgotten,
    Reason.OAUTH_UNKNOWN_CLIENT: lambda world: login(world.mock, "nobody", "nothing"),
    Reason.OAUTH_WRONG_SECRET: token(secret="wrong-secret"),
    Reason.OAUTH_UNSUPPORTED_GRANT: token(grant_type="password"),
    Reason.OAUTH_INVALID_SCOPE: token(scope="other"),
    Reason.OAUTH_INVALID_REQUEST: token(grant_type=""),
    Reason.ROUTE_UNKNOWN: post("/nowhere"),
    Reason.ROUTE_METHOD: post(SEND, method="PUT"),
    Reason.CAPACITY: capacity,
    Reason.CAPACITY_BODIES: no_room,
    Reason.FAULT: fault,
}

NEVER_JOURNALLED = {Reason.BUSY, Reason.STORE_UNAVAILABLE, Reason.STORE_CONTENDED, Reason.INTERNAL}


def test_every_reason_that_is_journalled_is_told_here() -> None:
    assert set(WAYS) == set(Reason) - NEVER_JOURNALLED


@pytest.mark.parametrize("reason", WAYS)
def test_each_reason_is_told_with_its_guard_and_what_would_have_been_accepted(
    reason: Reason, world: World, explain: Tell
) -> None:
    answer = WAYS[reason](world)
    told = explain(answer)
    assert told.answer is not None
    assert (told.answer.reason, told.answer.status) == (reason, answer.status_code)
    assert told.context_id == answer.headers["ININ-Correlation-Id"]
    refusing = [guard.name for guard in told.guards if guard.verdict == "refused"]
    assert refusing == ([REFUSED_BY[reason]] if REFUSED_BY[reason] else [])
    assert (told.accepted_if is None) == (not refusing)
    assert told.advice
    assert str(answer.status_code) in told.to_text()


@pytest.mark.parametrize("reason", [reason for reason in WAYS if reason.startswith(("auth.", "oauth.", "rate.", "scope."))])
def test_a_request_about_no_session_is_told_without_one(reason: Reason, world: World, explain: Tell) -> None:
    told = explain(WAYS[reason](world))
    assert told.session is None
    assert "session id" not in (told.accepted_if or "")


def causes(told: Explanation) -> list[tuple[State, float]]:
    assert told.session is not None
    first = [told.session.first_cause] if told.session.first_cause else []
    return [(cause.state, cause.before) for cause in [*first, *told.session.later_causes]]


def test_a_second_use_is_told_with_the_first(world: World, explain: Tell) -> None:
    session = world.mock.session()
    world.clock.advance(0.05)
    first = world.mock.send(session)
    world.clock.advance(0.25)
    told = explain(world.mock.send(session))
    assert causes(told) == [(State.CONSUMED, 0.25), (State.IDLE, -29.7), (State.EXPIRED, -299.7)]
    assert first.headers["ININ-Correlation-Id"] in told.summary
    assert "It ended 0.25 s before this request" in told.summary
    assert told.accepted_if == "A send with a session id created by this OAuth client less than 30 s before, not yet used."
    assert told.missed == "It was used 0.25 s before."
    assert told.session is not None
    assert [(event.after, event.what, event.this) for event in told.session.events] == [
        (0, "created for Ann <ann@example.com>", False),
        (0.05, "message accepted", False),
        (0.3, "send answered 403 session.consumed", True),
        (30, "its idle timeout would have ended it", False),
        (300, "its time to live would have ended it", False),
    ]


def test_too_late_is_told_by_how_much_and_what_else_was_over(world: World, explain: Tell) -> None:
    session = world.mock.session()
    world.tenant.clock.advance(301.2)
    told = explain(world.mock.send(session))
    assert causes(told) == [(State.IDLE, 271.2), (State.EXPIRED, 1.2)]
    assert told.missed == "It came 4 min 31 s too late. It would have failed anyway: its time to live was over 1.2 s before."
    assert told.session is not None
    assert [event.what for event in told.session.events] == [
        "created for Ann <ann@example.com>",
        "the clock was advanced by 5 min 1 s",
        "its idle timeout ended it",
        "its time to live would have ended it",
        "send answered 403 session.idle",
    ]


def test_the_first_cause_in_time_is_told_whatever_the_order_of_asking(world: World, explain: Tell) -> None:
    world.tenant.set_policy({"ttl": 5})
    session = world.mock.session()
    world.clock.advance(2)
    world.tenant.sessions.expire(session)
    world.clock.advance(10)
    told = explain(world.mock.send(session))
    assert causes(told) == [(State.EXPIRED, 10), (State.IDLE, -18)]
    assert told.session is not None
    assert "its time to live was cut short" in [event.what for event in told.session.events]


def test_more_than_one_handshake_is_told_as_such(world: World, explain: Tell) -> None:
    world.tenant.set_policy({"handshakes": 2})
    session = world.mock.session()
    world.clock.advance(20)
    accepted = world.mock.send(session)
    world.clock.advance(31)
    told = explain(world.mock.send(session))
    assert "used fewer than 2 times" in (told.accepted_if or "")
    assert "after 30 s without an accepted message" in told.summary
    assert causes(told)[0] == (State.IDLE, 1)
    assert "consumed" not in explain(accepted).summary


def test_the_story_of_an_acceptance_stays_true_afterwards(world: World, explain: Tell) -> None:
    session = world.mock.session()
    world.clock.advance(0.5)
    accepted = world.mock.send(session)
    world.clock.advance(500)
    world.mock.send(session)
    told = explain(accepted)
    assert told.summary == "The message was accepted. The session was 0.5 s old and is consumed by it."
    assert (told.accepted_if, told.missed) == (None, None)
    assert {guard.verdict for guard in told.guards} == {"passed"}


def test_a_creation_tells_what_became_of_its_session(world: World, explain: Tell) -> None:
    created = world.mock.create()
    world.mock.send(created.json()["webChatSessionId"])
    told = explain(created)
    assert told.session is not None
    assert told.session.id == created.json()["webChatSessionId"]
    assert [event.this for event in told.session.events][:2] == [True, False]
    assert told.asked.session is None


def test_a_forgotten_sessions_life_is_told_from_the_journal(world: World, explain: Tell) -> None:
    world.tenant.set_policy({"retention": 60, "handshakes": 2})
    session = world.mock.session()
    world.mock.send(session)
    world.clock.advance(5)
    world.tenant.sessions.end_all()
    world.clock.advance(100)
    world.mock.session()
    told = explain(world.mock.send(session))
    assert told.session is not None
    assert (told.session.known, told.session.client_id) == ("rebuilt", world.tenant.client_id)
    assert causes(told)[0] == (State.REVOKED, 100)
    assert told.missed is not None
    assert told.missed.startswith("It came 100 s too late.")


class TestShortJournal:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(journal_entries=6)

    def test_one_forgotten_by_store_and_journal_is_still_told_from_one_never_issued(self, world: World, explain: Tell) -> None:
        world.tenant.set_policy({"retention": 60})
        session = world.mock.session()
        world.clock.advance(100)
        for _ in range(3):
            world.mock.session()
        told = explain(world.mock.send(session))
        assert told.answer is not None
        assert told.answer.reason == "session.forgotten"
        assert told.session is not None
        assert (told.session.known, told.session.first_cause, told.missed) == ("forgotten", None, None)

    def test_one_remembered_though_its_creation_left_the_journal_is_told_whole(self, world: World, explain: Tell) -> None:
        session = world.mock.session()
        for _ in range(3):
            world.mock.create()
        told = explain(world.mock.send(session))
        assert told.session is not None
        assert told.session.events[0].what == "created, by a request that has left the journal"

    def test_what_has_left_the_journal_is_said_to_have(self, world: World, explain: Tell) -> None:
        first = world.mock.create()
        for _ in range(4):
            world.mock.create()
        with pytest.raises(NotFound, match="the journal begins at entry 7"):
            explain(first)


def test_a_placeholder_is_recognised(world: World, explain: Tell) -> None:
    for literal in ("{{new_session_id}}", "undefined", "[object Object]", "${id}"):
        assert "placeholder" in explain(world.mock.send(literal)).advice[0]
    assert "does not look like" in explain(world.mock.send("prev-session-uuid")).advice[0]
    assert "placeholder" not in "".join(explain(world.mock.send("00000000-0000-4000-a000-000000000000")).advice)


def test_an_id_of_another_organisation_may_be_that(world: World, explain: Tell) -> None:
    other = Control(world.mock.assembly).create_organization()
    token = login(world.mock, other.client_id, other.client_secret).json()["access_token"]
    session = world.mock.create(headers={"Authorization": f"Bearer {token}"}).json()["webChatSessionId"]
    assert explain(world.mock.send(session)).summary.endswith("It was made up, or another organisation issued it.")
    assert "another organisation" not in explain(world.mock.send("prev-session-uuid")).summary


def test_a_body_that_could_not_be_decoded_is_no_text(world: World, explain: Tell) -> None:
    told = explain(post(SEND, body='{"text": "hi",')(world))
    assert (told.asked.text, told.asked.body) == (None, '{"text": "hi",')
    assert '\n  body: {"text": "hi",\n' in told.to_text()
    assert "text:" not in told.to_text()


def test_a_request_refused_before_the_session_guard_is_told_that_its_session_was_dead_too(world: World, explain: Tell) -> None:
    session = world.mock.session()
    world.tenant.revoke_scope("webchat:session:write")
    world.clock.advance(31)
    told = explain(world.mock.send(session))
    assert told.answer is not None
    assert told.answer.reason == "scope.missing"
    assert "It would also have needed another session: this one had ended 1 s before, by its idle timeout" in (
        told.accepted_if or ""
    )
    never = explain(world.mock.send())
    assert "It would also have needed another session: this id was never issued by this mock." in (never.accepted_if or "")


def test_a_session_of_another_client_is_told_as_such(world: World, explain: Tell) -> None:
    told = explain(foreign(world))
    assert told.session is not None
    assert told.session.client_id == world.tenant.client_id != told.asked.client_id
    assert told.missed is None
    assert "another OAuth client" in told.summary


def test_a_token_is_told_with_its_issue_and_its_end(world: World, explain: Tell) -> None:
    world.clock.advance(10)
    told = explain(token_ended("expire")(world))
    assert "The token was issued 11 s before, in request 00000000-" in told.summary
    assert "The control API expired tokens 1 s before." in told.summary
    assert told.asked.client_id == world.tenant.client_id


def test_a_token_that_ended_by_itself_is_no_matter_of_the_control_api(world: World, explain: Tell) -> None:
    world.tenant.set_policy({"token_ttl": 10})
    world.mock.login()
    world.clock.advance(11)
    world.tenant.tokens.expire()
    told = explain(world.mock.create())
    assert "control API" not in told.summary


def test_a_token_that_was_issued_after_tokens_were_rejected_is_told_so(world: World, explain: Tell) -> None:
    world.tenant.reject_tokens()
    world.clock.advance(5)
    world.mock.login()
    world.clock.advance(1)
    told = explain(world.mock.create())
    assert "issued 1 s before" in told.summary
    assert told.summary.endswith("The control API began to reject tokens 6 s before.")


def test_a_session_whose_time_was_cut_short_was_ended_by_the_control_api(world: World, explain: Tell) -> None:
    session = world.mock.session()
    world.clock.advance(1)
    world.tenant.sessions.expire(session)
    world.clock.advance(1)
    told = explain(world.mock.send(session))
    assert "It ended 1 s before this request, by the control API, which cut its time to live short." in told.summary
    assert told.session is not None
    assert "its time to live ended it" not in [event.what for event in told.session.events]


def test_a_message_that_is_no_text_is_told(world: World, explain: Tell) -> None:
    told = explain(world.mock.send(world.mock.session(), json={"webChatSessionId": "any", "text": 7}))
    assert told.asked.text is None
    assert told.answer is not None
    assert told.answer.status == 400


def test_a_word_where_the_token_belongs_is_quoted(world: World, explain: Tell) -> None:
    told = explain(world.mock.create(headers={"Authorization": "Bearer undefined"}))
    assert "The header has 'undefined'" in told.summary
    assert told.organization == "ffffffff"


@pytest.mark.parametrize(
    ("fault", "delivery", "status"),
    [
        ({"kind": "lost_response"}, "lost_response", 200),
        ({"kind": "truncated_body"}, "truncated", 200),
        ({"kind": "status", "status": 500, "after_acting": True}, "complete", 500),
    ],
)
def test_what_was_done_and_not_told_is_told_here(world: World, fault: dict[str, object], delivery: str, status: int) -> None:
    session = world.mock.session()
    world.tenant.faults.append({"operation": "send", **fault})
    with suppress(httpx.TransportError):
        world.mock.send(session)
    (found,) = world.tenant.requests.find(operation="send")
    told = world.tenant.explain(found.context_id)
    assert told.answer is not None
    assert (told.answer.delivery, told.answer.status, told.answer.accepted) == (delivery, status, True)
    assert "The message was accepted." in told.summary
    assert "A fault was applied to the answer" in told.summary
    assert told.advice[0].startswith("The platform acted, but the client cannot know")


def test_a_lost_request_reached_no_guard(world: World) -> None:
    session = world.mock.session()
    world.tenant.faults.add("lost_request", "send")
    with pytest.raises(httpx.ConnectError):
        world.mock.send(session)
    (found,) = world.tenant.requests.find(operation="send")
    told = world.tenant.explain(found.context_id)
    assert [(guard.name, guard.verdict) for guard in told.guards][:2] == [
        ("fault", "refused"),
        ("authentication", "not reached"),
    ]
    assert told.answer is not None
    assert told.answer.status is None
    assert "nothing changed" in told.summary
    assert world.tenant.sessions.get(session).state is State.ACTIVE


def test_one_on_its_way_is_told_to_be(world: World) -> None:
    request = Request(
        method="POST", path="/api/v2/conversations/webchat/sessions", authorization=world.mock.headers["Authorization"]
    )
    context_id = world.mock.assembly.handler.arrive(request).context_id
    told = world.tenant.explain(context_id)
    assert told.answer is None
    assert "No answer is journalled" in told.summary
    assert {guard.verdict for guard in told.guards} == {"unknown"}
    assert "no answer" in told.to_text()
    assert str(told) == told.to_text()


def test_a_policy_that_was_changed_since_does_not_change_a_remembered_life(world: World, explain: Tell) -> None:
    session = world.mock.session()
    world.clock.advance(31)
    refused = world.mock.send(session)
    world.tenant.set_policy({"idle_timeout": 3600, "ttl": 3600})
    assert causes(explain(refused)) == [(State.IDLE, 1), (State.EXPIRED, -269)]


FRESH = "A send with a session id created by this OAuth client less than 30 s before, not yet used."
AS_NOW = "(Based on the current policy.)"


@pytest.mark.parametrize(("way", "missed"), [(idle, "It came 1.2 s too late."), (consumed, "It was used 0.25 s before.")])
def test_what_would_have_been_accepted_is_told_by_what_the_session_was_granted(
    world: World, explain: Tell, way: Callable[[World], httpx.Response], missed: str
) -> None:
    refused = way(world)
    world.tenant.set_policy({"idle_timeout": 1000, "ttl": 2000, "handshakes": 5})
    told = explain(refused)
    assert (told.accepted_if, told.missed) == (FRESH, missed)


def test_a_creation_is_told_with_what_its_session_was_granted(world: World, explain: Tell) -> None:
    created = world.mock.create()
    world.tenant.set_policy({"idle_timeout": 1000, "handshakes": 5})
    assert "It takes 1 message, within 30 s." in explain(created).summary


def test_a_session_that_may_be_used_again_was_granted_what_its_last_message_stamped(world: World, explain: Tell) -> None:
    world.tenant.set_policy({"handshakes": 3})
    session = world.mock.session()
    world.tenant.set_policy({"idle_timeout": 40, "ttl": 50})
    world.mock.send(session)
    world.clock.advance(41)
    refused = world.mock.send(session)
    world.tenant.set_policy({"idle_timeout": 1000, "ttl": 2000, "handshakes": 5})
    told = explain(refused).accepted_if or ""
    assert "less than 5 min before, with a message accepted in the last 40 s" in told
    assert "used fewer than 3 times" in told


def test_a_time_to_live_that_was_cut_short_is_not_what_a_session_is_granted(world: World, explain: Tell) -> None:
    session = world.mock.session()
    world.clock.advance(2)
    world.tenant.sessions.expire(session)
    assert explain(world.mock.send(session)).accepted_if == FRESH


@pytest.mark.parametrize(
    ("reason", "policy"),
    [
        (Reason.SESSION_UNKNOWN, {"idle_timeout": 20}),
        (Reason.SESSION_FOREIGN, {"ttl": 20}),
        (Reason.SESSION_FORGOTTEN, {"handshakes": 2}),
        (Reason.SCOPE_MISSING, {"create_scopes": ["other"]}),
        (Reason.AUTH_EXPIRED, {"token_ttl": 20}),
        (Reason.TOO_LARGE, {"max_body": 2000}),
        (Reason.INVALID, {"max_text": 20}),
    ],
)
def test_what_nobody_was_granted_is_told_by_the_policy_as_it_is_now_and_says_so(
    reason: Reason, policy: dict[str, object], world: World, explain: Tell
) -> None:
    refused = WAYS[reason](world)
    assert AS_NOW not in (explain(refused).accepted_if or "")
    world.tenant.set_policy({"rate_limit_per_minute": 1000})
    assert AS_NOW not in (explain(refused).accepted_if or "")
    world.tenant.set_policy(policy)
    assert AS_NOW in (explain(refused).accepted_if or "")


@pytest.mark.parametrize("copied", [" {} ", "ININ-Correlation-Id: {}\r\n", '{{"contextId": "{}"}}'])
def test_a_context_id_may_come_as_it_was_copied(world: World, copied: str) -> None:
    id = world.mock.create().headers["ININ-Correlation-Id"]
    for text in (copied.format(id), copied.format(id.upper())):
        assert world.tenant.explain(text).context_id == id


class TestNotFound:
    @pytest.mark.parametrize("id", ["", "nonsense", "00000000", "00000000-0000-0000-0000-00000000000G", "../../etc/passwd"])
    def test_what_is_no_context_id(self, assembly: Assembly, id: str) -> None:
        with pytest.raises(NotFound, match="this is not a contextId"):
            Control(assembly).explain(id)

    def test_one_of_another_server_or_a_deleted_organization(self, assembly: Assembly) -> None:
        with pytest.raises(NotFound, match="its organisation 12345678 was deleted, or belongs to another server"):
            Control(assembly).explain("12345678-0000-4000-a000-000000000000")

    def test_one_that_was_never_made(self, assembly: Assembly, mock: Mock) -> None:
        with pytest.raises(NotFound, match="it was never made on this server"):
            Control(assembly).explain("00000000-0000-4000-a000-000000000000")

    def test_one_that_a_reset_took(self, tenant: Tenant, mock: Mock, explain: Tell) -> None:
        answer = mock.create()
        tenant.reset()
        with pytest.raises(NotFound, match="the journal is empty: no request was made, or it has been reset"):
            explain(answer)
        mock.login()
        with pytest.raises(NotFound, match="the request is older, or was never made on this server"):
            explain(answer)

    def test_one_of_another_organization(self, assembly: Assembly, mock: Mock) -> None:
        other = Control(assembly).create_organization()
        with pytest.raises(NotFound, match="it belongs to another organisation, 00000000"):
            other.explain(mock.create().headers["ININ-Correlation-Id"])


def test_the_trace_of_a_request_is_told(world: World, explain: Tell) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    told = explain(world.mock.send(headers={**world.mock.headers, "traceparent": trace}))
    assert told.asked.traceparent == trace
    assert f"traceparent: {trace}" in told.to_text()
    assert world.tenant.requests.find(text=trace[3:35])[0].traceparent == trace
