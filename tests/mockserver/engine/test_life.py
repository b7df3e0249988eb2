"""The life of one credential: the first cause of end in time decides, and its owner takes it along."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.engine.life import (
    Usage,
    cause_at,
    count_issue,
    count_use,
    end,
    end_of,
    expire,
    inherited,
    is_evicted,
    issue,
    numbered,
    usage,
    use,
)
from mockserver.engine.model import CAUSES, NEVER, Credential

NOW = 1_000_000


def fresh(ttl: int | None = None, idle: int | None = None, uses: int | None = None) -> Credential:
    return issue("token", "t", NOW, ttl=ttl, idle=idle, uses=uses)


def ending(cause: str, at: int) -> Credential:
    """Return a credential that ends for one cause at a moment."""
    record = Credential(kind="token", id="t", issued_at=NOW, last_used=NOW)
    return also(record, cause, at)


def also(record: Credential, cause: str, at: int) -> Credential:
    values = {name: getattr(record, name) for name in record.__struct_fields__}
    word = {"idle": "idle_at", "expired": "expires_at"}.get(cause, "ended_at")
    return Credential(**(values | {word: at} | ({"ended_by": cause} if word == "ended_at" else {})))


def test_without_any_bound_it_lives_for_ever() -> None:
    record = fresh()
    assert record.ends_at == NEVER
    assert cause_at(record, None, NOW + 10**12) == ""


@pytest.mark.parametrize(("ttl", "idle", "cause", "at"), [(20, 30, "expired", 20), (30, 20, "idle", 20), (20, 20, "idle", 20)])
def test_the_first_deadline_decides_however_late_it_is_asked(ttl: int, idle: int, cause: str, at: int) -> None:
    record = fresh(ttl=ttl, idle=idle)
    assert cause_at(record, None, NOW + at - 1) == ""
    assert cause_at(record, None, NOW + at) == cause_at(record, None, NOW + 10**9) == cause
    assert end_of(record, None) == (NOW + at, cause)


PAIRS = [pair for pair in combinations(CAUSES, 2) if set(pair) & {"idle", "expired"}]
"""Two causes that one record can have: an act and a deadline, or both deadlines."""


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_at_equal_milliseconds_the_order_of_the_causes_decides(first: str, second: str) -> None:
    assert end_of(also(ending(second, NOW), first, NOW), None) == (NOW, first)
    assert end_of(also(ending(second, NOW), first, NOW + 1), None) == (NOW, second)
    assert end_of(also(ending(second, NOW + 1), first, NOW), None) == (NOW, first)


@pytest.mark.parametrize("cause", CAUSES)
def test_if_it_ends_with_its_owner_it_is_ended(cause: str) -> None:
    assert end_of(ending(cause, NOW), ending("expired", NOW)) == (NOW, "ended")
    assert end_of(ending(cause, NOW), ending("expired", NOW + 1)) == (NOW, cause)


def test_what_it_is_within_takes_it_along() -> None:
    record, owner = fresh(ttl=100), fresh(ttl=50)
    assert cause_at(record, owner, NOW + 49) == ""
    assert cause_at(record, owner, NOW + 50) == "ended"
    assert cause_at(fresh(ttl=10), owner, NOW + 60) == "expired"


def test_what_its_owner_is_within_takes_both_along() -> None:
    grandparent, owner, record = end(fresh(), "ended", NOW + 5), fresh(ttl=50), fresh()
    assert cause_at(record, inherited(owner, grandparent), NOW + 4) == ""
    assert cause_at(record, inherited(owner, grandparent), NOW + 5) == "ended"


def test_a_use_puts_the_idle_deadline_off_and_no_other() -> None:
    used = use(fresh(ttl=100, idle=30), NOW + 20, 30)
    assert (used.idle_at, used.expires_at) == (NOW + 50, NOW + 100)


def test_the_last_use_spends_it() -> None:
    once = use(fresh(uses=2), NOW + 1, None)
    assert cause_at(once, None, NOW + 1) == ""
    assert end_of(use(once, NOW + 2, None), None) == (NOW + 2, "spent")


def test_stamps_never_go_backwards() -> None:
    later = use(fresh(idle=30), NOW + 20, 30)
    assert use(later, NOW + 10, 30).last_used == NOW + 20
    assert use(later, NOW + 10, 30).idle_at == NOW + 50


def test_after_a_grace_it_is_over_and_not_before() -> None:
    record = end(fresh(), "succeeded", NOW, 5000)
    assert cause_at(record, None, NOW + 4999) == ""
    assert cause_at(record, None, NOW + 5000) == "succeeded"
    assert cause_at(end(record, "ended", NOW + 10), None, NOW + 10) == "ended"
    assert end(record, "succeeded", NOW + 10, 5000) is record


def test_what_is_over_does_not_end_again() -> None:
    over = end(fresh(ttl=10), "ended", NOW + 5)
    assert end(over, "evicted", NOW + 6) is over
    assert expire(over, NOW + 6) is over
    expired = fresh(ttl=10)
    assert end(expired, "ended", NOW + 10) is expired


def test_an_end_that_was_written_is_final_for_a_clock_that_is_a_little_behind() -> None:
    for over, cause in (
        (use(fresh(ttl=50, uses=1), NOW + 20, None), "spent"),
        (end(fresh(ttl=50), "ended", NOW + 20), "ended"),
        (expire(fresh(ttl=50), NOW + 20), "expired"),
    ):
        assert cause_at(over, None, NOW + 19) == cause
        assert end(over, "ended", NOW + 19) is over


def test_an_idle_timeout_that_is_counted_from_the_last_use_ends_it_too() -> None:
    assert cause_at(fresh(ttl=100), None, NOW + 9, 10) == ""
    assert cause_at(fresh(ttl=100), None, NOW + 10, 10) == "idle"
    assert cause_at(fresh(ttl=10), None, NOW + 20, 15) == "expired"


TIMES = st.integers(0, 60)


@st.composite
def credentials(draw: st.DrawFn) -> Credential:
    record = fresh(draw(st.integers(1, 60)), draw(st.integers(1, 60)), 1)
    by = draw(st.sampled_from(["", "ended", "spent", "evicted"]))
    return replace(record, ended_by=by, ended_at=NOW + draw(TIMES)) if by else record


@given(record=credentials(), now=st.integers(0, 200))
def test_the_first_cause_in_time_decides_and_ties_go_by_precedence(record: Credential, now: int) -> None:
    every = [(record.idle_at, "idle"), (record.expires_at, "expired")]
    if record.ended_by:
        every.append((record.ended_at, record.ended_by))
    at, cause = min(every, key=lambda end: (end[0], CAUSES.index(end[1])))
    assert end_of(record) == (at, cause)
    assert cause_at(record, None, NOW + now) == (cause if NOW + now >= at or record.ended_by else "")


@given(record=credentials(), now=st.integers(0, 200), later=st.integers(0, 200))
def test_what_is_over_is_over_for_ever(record: Credential, now: int, later: int) -> None:
    cause = cause_at(record, None, NOW + now)
    if cause:
        assert cause_at(record, None, NOW + now + later) == cause


def test_requests_are_counted_in_minutes_that_begin_with_the_first() -> None:
    once = count_use(fresh(), NOW, 2)
    assert once is not None
    assert usage(once, NOW) == (1, 60_000)
    twice = count_use(once, NOW + 59_999, 2)
    assert twice is not None
    assert twice.version == once.version
    assert usage(twice, NOW + 59_999) == (2, 1)
    assert usage(twice, NOW + 60_000) == Usage(0, 60_000)
    assert count_use(twice, NOW + 59_999, 2) is None
    assert count_use(twice, NOW + 59_999, None) is not None
    assert count_use(twice, NOW + 60_000, 2) == count_use(replace(fresh(), last_used=NOW + 59_999), NOW + 60_000, 2)


def standing(owner: Credential) -> list[int]:
    """The numbers of the owner's credentials that are not evicted."""
    return [number for number in range(1, owner.counts.issued + 1) if not is_evicted(numbered(fresh(), number), owner)]


def test_the_oldest_are_evicted_beyond_the_bound_and_stay_so() -> None:
    owner, found = fresh(), []
    for bound in (None, 2, 2, None, 1, 9, None):
        owner = count_issue(owner, bound)
        found.append(standing(owner))
    assert found == [[1], [1, 2], [2, 3], [2, 3, 4], [5], [5, 6], [5, 6, 7]]
    assert not is_evicted(fresh(), owner)  # it was never numbered
    assert not is_evicted(numbered(fresh(), 1), None)
