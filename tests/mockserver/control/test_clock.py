from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import httpx
import pytest

from mockserver.clock import EARLIEST, LATEST
from mockserver.control import Tenant
from mockserver.control.clock import ClockReading
from mockserver.errors import InvalidRequest
from mockserver.journal import Perturbed
from tests.mockserver.conftest import START, ManualClock, Mock

NOW = START / 1000


def date_of(answer: httpx.Response) -> float:
    return parsedate_to_datetime(answer.headers["Date"]).timestamp()


def test_it_runs_with_the_system_until_told_otherwise(tenant: Tenant, clock: ManualClock) -> None:
    clock.advance(1.5)
    assert tenant.clock.read() == ClockReading(NOW + 1.5, "2026-11-18T11:06:41.500Z", "running")


def test_advancing_moves_session_deadlines_token_expiry_and_date_at_once(tenant: Tenant, mock: Mock) -> None:
    session = mock.session()
    assert tenant.clock.advance(30) == NOW + 30
    assert mock.send(session).headers["Dayfly-Reason"] == "session.idle"
    tenant.clock.advance(86_400)
    late = mock.send(session)
    assert late.headers["Dayfly-Reason"] == "auth.expired"
    assert date_of(late) == NOW + 86_430


def test_a_millisecond_before_its_deadline_a_session_lives(tenant: Tenant, mock: Mock) -> None:
    session = mock.session()
    tenant.clock.advance(29.999)
    assert mock.send(session).status_code == 200


def test_setting_jumps_and_runs_on(tenant: Tenant, clock: ManualClock) -> None:
    assert tenant.clock.set(NOW + 100.25) == NOW + 100.25
    clock.advance(1)
    assert tenant.clock.now() == NOW + 101.25


def test_frozen_it_stands_and_still_advances(tenant: Tenant, clock: ManualClock) -> None:
    tenant.clock.freeze()
    clock.advance(60)
    assert (tenant.clock.now(), tenant.clock.read().mode) == (NOW, "frozen")
    assert tenant.clock.advance(5) == NOW + 5
    assert tenant.clock.set(NOW + 7) == NOW + 7
    clock.advance(60)
    assert tenant.clock.now() == NOW + 7


@pytest.mark.parametrize(
    "text", ["2026-11-18T11:06:50Z", "2026-11-18 12:06:50+01:00", "2026-11-18T11:06:50", " 20261118T110650Z\n"]
)
def test_a_time_in_words_is_in_utc_unless_it_names_a_zone(tenant: Tenant, text: str) -> None:
    assert tenant.clock.set(text) == tenant.clock.freeze(text) == NOW + 10


def test_what_is_no_time_is_refused(tenant: Tenant) -> None:
    with pytest.raises(InvalidRequest, match="'noon' is not a time; write it like 2026-11-22T14:17:40Z"):
        tenant.clock.set("noon")


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_beyond_the_clock_is_quoted_as_it_was_given(tenant: Tenant, text: str) -> None:
    with pytest.raises(InvalidRequest, match=rf"'{re.escape(text)}' is not a time .* its years are 1 to 9798"):
        tenant.clock.set(text)


def test_freezing_at_an_instant_jumps_there(tenant: Tenant, clock: ManualClock) -> None:
    assert tenant.clock.freeze(NOW + 10) == NOW + 10
    clock.advance(60)
    assert tenant.clock.now() == NOW + 10


def test_resuming_goes_on_from_where_it_stood(tenant: Tenant, clock: ManualClock) -> None:
    tenant.clock.freeze()
    clock.advance(60)
    assert tenant.clock.resume() == NOW
    clock.advance(2)
    assert (tenant.clock.now(), tenant.clock.read().mode) == (NOW + 2, "running")


@pytest.mark.parametrize("at", [NOW - 0.001, 0, -5])
def test_it_never_goes_back(tenant: Tenant, at: float) -> None:
    with pytest.raises(InvalidRequest, match="before"):
        tenant.clock.set(at)
    with pytest.raises(InvalidRequest, match="before"):
        tenant.clock.freeze(at)
    assert tenant.clock.now() == NOW


def test_it_does_not_advance_backwards(tenant: Tenant) -> None:
    with pytest.raises(InvalidRequest, match="seconds: -1 is negative"):
        tenant.clock.advance(-1)


@pytest.mark.parametrize("at", [float("inf"), float("-inf"), LATEST / 1000 + 1, EARLIEST / 1000 - 1])
def test_it_is_not_set_to_what_no_calendar_has(tenant: Tenant, at: float) -> None:
    with pytest.raises(InvalidRequest, match=r"at: .* this clock can reach"):
        tenant.clock.set(at)
    assert tenant.clock.now() == NOW


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), LATEST, LATEST / 1000])
def test_it_does_not_leave_the_calendar(tenant: Tenant, seconds: float) -> None:
    with pytest.raises(InvalidRequest, match="seconds"):
        tenant.clock.advance(seconds)
    assert tenant.clock.now() == NOW


def test_what_moved_it_is_journalled_at_the_time_it_moved_from(tenant: Tenant) -> None:
    tenant.clock.advance(1)
    tenant.clock.freeze()
    tenant.clock.freeze()
    tenant.clock.set(NOW + 2)
    tenant.clock.resume()
    tenant.clock.advance(0)
    entries = [entry for entry in tenant.trace() if isinstance(entry, Perturbed)]
    assert [(entry.at - START, entry.what, entry.detail) for entry in entries] == [
        (0, "advance", {"seconds": 1.0}),
        (1000, "freeze_clock", {}),
        (1000, "set_clock", {"at": NOW + 2}),
        (2000, "resume_clock", {}),
    ]


def test_of_many_who_advance_it_at_once_none_is_lost(tenant: Tenant) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(tenant.clock.advance, [1] * 200))
    assert tenant.clock.now() == NOW + 200
