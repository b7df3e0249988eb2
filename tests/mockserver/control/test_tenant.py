from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockserver.assemble import Assembly
from mockserver.control import Control, Tenant
from mockserver.errors import NotFound, SettingsError
from mockserver.journal import Answer, Header, Perturbed
from mockserver.settings import policy_to
from mockserver.wire.message import Request
from tests.mockserver.conftest import START, ManualClock, Mock

CREATE = "/api/v2/conversations/webchat/sessions"
SEND = "/api/v2/conversations/messaging/external/guests/sendmessage"


def test_a_policy_is_read_and_changed_in_seconds(tenant: Tenant, mock: Mock) -> None:
    before = mock.session()
    policy = tenant.set_policy({"idle_timeout": 0.5, "handshakes": 2, "rate_limit_per_minute": 300})
    assert (policy["idle_timeout"], policy["handshakes"], policy["ttl"]) == (0.5, 2, 300)
    assert policy == tenant.policy()
    after = mock.session()
    tenant.clock.advance(1)
    assert mock.send(before).status_code == 200
    assert mock.send(after).headers["Dayfly-Reason"] == "session.idle"


def test_changes_of_the_policy_are_journalled_where_there_are_any(tenant: Tenant) -> None:
    tenant.set_policy({"ttl": 300, "token_idle_timeout": "off"})
    tenant.set_policy({"ttl": 60, "token_idle_timeout": 5})
    (entry,) = [entry for entry in tenant.trace() if isinstance(entry, Perturbed)]
    assert (entry.what, entry.detail) == ("set_policy", {"ttl": 60.0, "token_idle_timeout": 5.0})
    assert entry.former == {"ttl": 300.0, "token_idle_timeout": None}


@pytest.mark.parametrize("values", [{"tll": 5}, {"ttl": "soon"}, {"ttl": -1}, {"handshakes": 1.5}, {"ttl": 5, "idle": 5}])
def test_a_policy_that_makes_no_sense_changes_nothing(tenant: Tenant, values: dict[str, object]) -> None:
    before = tenant.policy()
    with pytest.raises(SettingsError, match="policy"):
        tenant.set_policy(values)
    assert tenant.policy() == before


def test_every_token_can_be_rejected_and_accepted_again(tenant: Tenant, mock: Mock) -> None:
    tenant.reject_tokens()
    assert mock.create().headers["Dayfly-Reason"] == "auth.rejected"
    mock.login()
    assert mock.create().headers["Dayfly-Reason"] == "auth.rejected"
    tenant.reject_tokens()
    tenant.reject_tokens(False)
    assert mock.create().status_code == 200
    assert [entry.what for entry in tenant.trace() if isinstance(entry, Perturbed)] == ["reject_tokens", "accept_tokens"]


def test_a_trace_is_a_header_and_the_journal(tenant: Tenant, mock: Mock) -> None:
    mock.session()
    header, *entries = tenant.trace()
    assert header == Header(organization="00000000", policy=tenant.policy())
    assert [getattr(entry, "seq", None) for entry in entries] == [1, 2, 3, 4]
    assert [getattr(entry, "seq", None) for entry in tenant.trace(after=2)] == [None, 3, 4]


def test_a_trace_under_a_clock_that_was_moved_says_so(tenant: Tenant) -> None:
    tenant.clock.advance(1)
    header = next(tenant.trace())
    assert isinstance(header, Header)
    assert header.clock == "mixed"


def test_after_a_reset_the_world_is_new_and_the_credentials_are_not(tenant: Tenant, mock: Mock, clock: ManualClock) -> None:
    tenant.set_policy({"ttl": 60})
    session, headers = mock.session(), mock.headers
    tenant.faults.add("lost_request", times=None)
    tenant.reject_tokens()
    tenant.clock.freeze(START / 1000 + 500)
    tenant.reset()
    assert (tenant.sessions.list(), tenant.tokens.list(), tenant.faults.list()) == ([], [], [])
    assert len(list(tenant.trace())) == 1
    assert (tenant.clock.now(), tenant.clock.read().mode) == (START / 1000, "running")
    assert tenant.policy()["ttl"] == 60
    assert mock.create(headers=headers).headers["Dayfly-Reason"] == "auth.unknown"
    assert mock.login().status_code == 200
    assert mock.send(session).headers["Dayfly-Reason"] == "session.unknown"
    assert mock.send(mock.session()).status_code == 200


def request(mock: Mock, path: str, body: bytes) -> Request:
    return Request(
        method="POST",
        path=path,
        body=body,
        size=len(body),
        content_type="application/json",
        authorization=mock.headers["Authorization"],
    )


GUEST = b'{"guest": {"name": "Ann", "email": "ann@example.com"}}'


def test_what_is_on_its_way_during_a_reset_is_decided_by_the_new_clock(tenant: Tenant, mock: Mock, clock: ManualClock) -> None:
    """Created by the former clock, a session would outlive the reset by a day."""
    tenant.clock.advance(86_400)
    call = mock.assembly.handler.arrive(request(mock, CREATE, GUEST))
    tenant.reset()
    assert mock.assembly.handler.finish(call).status == 401
    assert tenant.sessions.list() == []
    (answer,) = [entry for entry in tenant.trace() if isinstance(entry, Answer)]
    assert (answer.reason, answer.at) == ("auth.unknown", START)


def test_what_is_on_its_way_while_the_clock_moves_is_decided_by_the_new_time(tenant: Tenant, mock: Mock) -> None:
    session = mock.session()
    send = b'{"webChatSessionId": "%b", "text": "hello"}' % session.encode()
    calls = [mock.assembly.handler.arrive(request(mock, path, body)) for path, body in ((SEND, send), (CREATE, GUEST))]
    tenant.clock.advance(30)
    assert [mock.assembly.handler.finish(call).status for call in calls] == [403, 200]
    assert [session.created for session in tenant.sessions.list()] == [START / 1000, START / 1000 + 30]


def test_a_reset_among_requests_leaves_nothing_of_the_former_clock(tenant: Tenant, mock: Mock, clock: ManualClock) -> None:
    tenant.clock.advance(86_400)
    headers, ended = dict(mock.headers), threading.Event()

    def create() -> None:
        while not ended.is_set():
            mock.create(headers=headers)

    with ThreadPoolExecutor(4) as pool:
        try:
            creating = [pool.submit(create) for _ in range(4)]
            for _ in range(20):
                tenant.reset()
                tenant.clock.advance(86_400)
                mock.login()
                headers.update(mock.headers)
            tenant.reset()
        finally:
            ended.set()
    assert [done.result() for done in creating] == [None] * 4
    assert all(session.created <= START / 1000 for session in tenant.sessions.list())


def test_a_tenant_knows_its_credentials(assembly: Assembly, tenant: Tenant) -> None:
    settings = assembly.settings
    assert (tenant.client_id, tenant.client_secret) == (settings.client_id, settings.client_secret)
    assert (tenant.name, tenant.policy()) == ("default", policy_to(settings.policy))


def test_of_a_deleted_one_nothing_can_be_asked(assembly: Assembly) -> None:
    control = Control(assembly)
    tenant = control.create_organization()
    control.delete(tenant.id)
    for ask in (tenant.policy, tenant.clock.read, tenant.sessions.list, tenant.tokens.list, tenant.clients.list, tenant.reset):
        with pytest.raises(NotFound, match=f"no organization '{tenant.id}'"):
            ask()


def test_the_unassigned_have_a_journal_and_nothing_else(assembly: Assembly, mock: Mock) -> None:
    mock.create(headers={})
    unassigned = Control(assembly).tenant("unassigned")
    assert [request.reason for request in unassigned.requests.find()] == ["auth.missing"]
    assert next(unassigned.trace()) == Header(organization="ffffffff")
    with pytest.raises(NotFound, match="it has only a journal"):
        unassigned.clock.advance(1)
    unassigned.reset()
    assert unassigned.requests.find() == []
