from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from mockserver.control import Tenant
from mockserver.engine.model import State
from mockserver.errors import InvalidRequest, NotFound
from mockserver.journal import Guest, Perturbed
from tests.mockserver.conftest import START, ManualClock, Mock

NOW = START / 1000


def guest(name: str) -> dict[str, object]:
    return {"guest": {"name": name, "email": f"{name.lower()}@example.com"}}


def test_a_session_is_shown_as_it_is_now(tenant: Tenant, mock: Mock) -> None:
    id = mock.session()
    tenant.clock.advance(2)
    shown = tenant.sessions.get(id)
    assert (shown.id, shown.client_id, shown.state) == (id, tenant.client_id, State.ACTIVE)
    assert (shown.created, shown.last_activity, shown.idle_at, shown.expires_at) == (NOW, NOW, NOW + 30, NOW + 300)
    assert (shown.guest, shown.ended_at, shown.handshakes_left) == (Guest("Ann", "ann@example.com"), None, 1)


def test_each_end_shows_when_and_how(tenant: Tenant, mock: Mock) -> None:
    used, revoked, expired, idle = (mock.session() for _ in range(4))
    tenant.clock.advance(1)
    mock.send(used)
    tenant.sessions.revoke(revoked)
    tenant.sessions.expire(expired)
    tenant.clock.advance(29)
    assert {session.id: (session.state, session.ended_at) for session in tenant.sessions.list()} == {
        used: (State.CONSUMED, NOW + 1),
        revoked: (State.REVOKED, NOW + 1),
        expired: (State.EXPIRED, NOW + 1),
        idle: (State.IDLE, NOW + 30),
    }


def test_lists_are_filtered_by_state_and_guest_and_paged(tenant: Tenant, mock: Mock) -> None:
    ids = [mock.create(json=guest(name)).json()["webChatSessionId"] for name in ("Ann", "Bo", "Ann", "Cy")]
    tenant.sessions.revoke(ids[0])
    assert [session.id for session in tenant.sessions.list(guest="ann")] == [ids[0], ids[2]]
    assert [session.id for session in tenant.sessions.list(guest="BO@example.com")] == [ids[1]]
    assert [session.id for session in tenant.sessions.list(state="active", guest="Ann")] == [ids[2]]
    assert [session.id for session in tenant.sessions.list(limit=2)] == ids[:2]
    assert [session.id for session in tenant.sessions.list(limit=2, after=ids[1])] == ids[2:]
    assert tenant.sessions.list(after=ids[3]) == []
    with pytest.raises(InvalidRequest, match="or no longer"):
        tenant.sessions.list(after="prev-session-uuid")


def test_pages_go_on_though_the_last_session_of_one_is_forgotten(tenant: Tenant, mock: Mock, clock: ManualClock) -> None:
    tenant.set_policy({"retention": 1})
    ids = [mock.session() for _ in range(4)]
    first = tenant.sessions.page(limit=2)
    for id in ids[:2]:
        mock.send(id)
    clock.advance(2)
    ids.append(mock.session())
    assert [session.id for session in first.sessions] == ids[:2]
    assert [session.id for session in tenant.sessions.list()] == ids[2:]
    rest = tenant.sessions.page(limit=10, after=first.next or "")
    assert ([session.id for session in rest.sessions], rest.next) == (ids[2:], None)


def test_ended_from_outside_a_session_is_refused_for_that_reason(tenant: Tenant, mock: Mock) -> None:
    revoked, expired = mock.session(), mock.session()
    tenant.sessions.revoke(revoked)
    tenant.sessions.expire(expired)
    assert mock.send(revoked).headers["Dayfly-Reason"] == "session.revoked"
    assert mock.send(expired).headers["Dayfly-Reason"] == "session.expired"


def test_what_has_ended_stays_as_it_ended(tenant: Tenant, mock: Mock) -> None:
    id = mock.session()
    mock.send(id)
    before = tenant.sessions.get(id)
    assert tenant.sessions.revoke(id) == tenant.sessions.expire(id) == before
    assert not [entry for entry in tenant.trace() if isinstance(entry, Perturbed)]


def test_all_active_ones_are_ended_at_once_and_that_is_journalled_once(tenant: Tenant, mock: Mock) -> None:
    ids = [mock.session() for _ in range(250)]
    mock.send(ids[0])
    assert tenant.sessions.end_all() == 249
    assert tenant.sessions.end_all() == 0
    assert {session.state for session in tenant.sessions.list(limit=1000, after=ids[0])} == {State.REVOKED}
    assert [(entry.what, entry.detail) for entry in tenant.trace() if isinstance(entry, Perturbed)] == [
        ("end_sessions", {"count": 249})
    ]


def test_whoever_comes_first_ends_a_session_and_nobody_else_does(tenant: Tenant, mock: Mock) -> None:
    ids = [mock.session() for _ in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(mock.send, ids)
        ended = pool.submit(tenant.sessions.end_all)
        accepted = {id for id, answer in zip(ids, answers, strict=True) if answer.status_code == 200}
    states = {session.id: session.state for session in tenant.sessions.list(limit=1000)}
    assert states == {id: State.CONSUMED if id in accepted else State.REVOKED for id in ids}
    assert ended.result() == 200 - len(accepted)


def test_who_asks_for_what_is_not_there_is_told(tenant: Tenant) -> None:
    for ask in (tenant.sessions.get, tenant.sessions.expire, tenant.sessions.revoke):
        with pytest.raises(NotFound, match="no session 'nonsense'"):
            ask("nonsense")
    with pytest.raises(InvalidRequest, match="state: 'dead' must be one of active, revoked, consumed, idle, expired"):
        tenant.sessions.list(state="dead")
    with pytest.raises(InvalidRequest, match="limit: 0 must be from 1 to 1000"):
        tenant.sessions.list(limit=0)


def test_a_survey_counts_all_and_lists_the_newest_of_those_asked_for(mock: Mock, tenant: Tenant) -> None:
    made = [mock.session() for _ in range(4)]
    mock.send(made[1])
    other = mock.create(json={"guest": {"name": "Bob", "email": "bob@example.com"}}).json()["webChatSessionId"]
    survey = tenant.sessions.survey(limit=2)
    assert {state.value: number for state, number in survey.counts.items() if number} == {"active": 4, "consumed": 1}
    assert ([session.id for session in survey.sessions], survey.more) == ([other, made[3]], True)
    assert [session.id for session in tenant.sessions.survey(before=survey.before).sessions] == made[2::-1]
    older = tenant.sessions.survey(state="active", guest="ANN", before=made[3])
    assert ([session.id for session in older.sessions], older.more) == ([made[2], made[0]], False)
    assert [session.id for session in tenant.sessions.survey(guest="@example.com", before=made[1]).sessions] == [made[0]]
