"""A session's life as a strip."""

from __future__ import annotations

import pytest

from mockserver.control import Tenant
from mockserver.engine.model import State
from mockserver.web.console.timeline import Mark, Strip, strip_of
from tests.mockserver.conftest import Mock


def drawn(tenant: Tenant, session: str) -> Strip:
    exchanges = tenant.requests.find(session=session)
    life = tenant.explain(exchanges[0].context_id).session
    return strip_of(tenant.sessions.get(session), life, tenant.clock.now())


def test_a_live_session_reaches_to_now_and_its_deadlines_lie_ahead(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    mock.clock.advance(15)
    strip = drawn(tenant, session)
    assert strip.length == pytest.approx(309)
    assert strip.lived == pytest.approx(15 / 309 * 100, abs=0.01)
    assert [(deadline.name, deadline.after, deadline.anchor) for deadline in strip.deadlines] == [
        ("idle timeout", 30, "start"),
        ("time to live", 300, "end"),
    ]


def test_marks_too_close_to_tell_apart_are_one_and_the_worst_shows(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    mock.send(session)
    mock.send(session)
    mock.clock.advance(100)
    mock.send(session)
    strip = drawn(tenant, session)
    assert strip.marks == [Mark("1-3", 0, "refused"), Mark("5", 32.36, "refused")]
    assert strip.lived == 0


def test_what_came_long_after_the_end_is_at_the_strips_end(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    mock.clock.advance(86_000)
    mock.send(session)
    strip = drawn(tenant, session)
    assert strip.marks[-1].x == 100
    assert strip.lived == pytest.approx(30 / 309 * 100, abs=0.01)


def test_every_event_that_a_life_tells_has_its_kind(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    tenant.clock.advance(1)
    tenant.sessions.revoke(session)
    mock.send(session)
    life = tenant.explain(tenant.requests.find(session=session)[0].context_id).session
    assert life is not None
    assert tenant.sessions.get(session).state is State.REVOKED
    kinds = [event.kind for event in life.events]
    assert kinds == ["created", "world", "world", "refused", "deadline", "deadline"]


def test_a_life_that_is_cut_short_has_a_mark_for_that(mock: Mock, tenant: Tenant) -> None:
    session = mock.session()
    mock.clock.advance(10)
    tenant.sessions.expire(session)
    assert [mark.kind for mark in drawn(tenant, session).marks] == ["created", "world"]
