"""The life of one credential: the first cause of end in time decides, and its owner takes it along."""

from __future__ import annotations

from itertools import combinations

import pytest

from mockserver.declared.life import NEVER, Credential, cause_at, count, counted, end, end_of, expire, inherited, issue, use
from mockserver.platform.checks import CAUSES
from mockserver.platform.model import Life

NOW = 1_000_000


def fresh(life: Life, now: int = NOW) -> Credential:
    return issue("token", "t", life, now)


def ending(cause: str, at: int) -> Credential:
    """Return a credential that ends for one cause at a moment."""
    record = Credential(kind="token", id="t", issued_at=NOW, last_used=NOW)
    return also(record, cause, at)


def also(record: Credential, cause: str, at: int) -> Credential:
    values = {name: getattr(record, name) for name in record.__struct_fields__}
    word = {"idle": "idle_at", "expired": "expires_at"}.get(cause, "ended_at")
    return Credential(**(values | {word: at} | ({"ended_by": cause} if word == "ended_at" else {})))


def test_without_any_bound_it_lives_for_ever() -> None:
    record = fresh(Life())
    assert record.ends_at == NEVER
    assert cause_at(record, None, NOW + 10**12) == ""


@pytest.mark.parametrize(("ttl", "idle", "cause", "at"), [(20, 30, "expired", 20), (30, 20, "idle", 20), (20, 20, "idle", 20)])
def test_the_first_deadline_decides_however_late_it_is_asked(ttl: int, idle: int, cause: str, at: int) -> None:
    record = fresh(Life(ttl=ttl, idle=idle))
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
    record, owner = fresh(Life(ttl=100)), fresh(Life(ttl=50))
    assert cause_at(record, owner, NOW + 49) == ""
    assert cause_at(record, owner, NOW + 50) == "ended"
    assert cause_at(fresh(Life(ttl=10)), owner, NOW + 60) == "expired"


def test_what_its_owner_is_within_takes_both_along() -> None:
    grandparent, owner, record = end(fresh(Life()), "ended", NOW + 5), fresh(Life(ttl=50)), fresh(Life())
    assert cause_at(record, inherited(owner, grandparent), NOW + 4) == ""
    assert cause_at(record, inherited(owner, grandparent), NOW + 5) == "ended"


def test_a_use_puts_the_idle_deadline_off_and_no_other() -> None:
    life = Life(ttl=100, idle=30)
    used = use(fresh(life), life, NOW + 20)
    assert (used.idle_at, used.expires_at) == (NOW + 50, NOW + 100)


def test_the_last_use_spends_it() -> None:
    life = Life(uses=2)
    once = use(fresh(life), life, NOW + 1)
    assert cause_at(once, None, NOW + 1) == ""
    assert end_of(use(once, life, NOW + 2), None) == (NOW + 2, "spent")


def test_stamps_never_go_backwards() -> None:
    life = Life(idle=30)
    later = use(fresh(life), life, NOW + 20)
    assert use(later, life, NOW + 10).last_used == NOW + 20
    assert use(later, life, NOW + 10).idle_at == NOW + 50


def test_after_a_grace_it_is_over_and_not_before() -> None:
    record = end(fresh(Life()), "succeeded", NOW, 5000)
    assert cause_at(record, None, NOW + 4999) == ""
    assert cause_at(record, None, NOW + 5000) == "succeeded"
    assert cause_at(end(record, "ended", NOW + 10), None, NOW + 10) == "ended"
    assert end(record, "succeeded", NOW + 10, 5000) is record


def test_what_is_over_does_not_end_again() -> None:
    over = end(fresh(Life(ttl=10)), "ended", NOW + 5)
    assert end(over, "evicted", NOW + 6) is over
    assert expire(over, NOW + 6) is over
    expired = fresh(Life(ttl=10))
    assert end(expired, "ended", NOW + 10) is expired


def test_a_minute_is_counted_from_its_first_request() -> None:
    record = count(count(fresh(Life()), NOW), NOW + 59_999)
    assert counted(record, NOW + 59_999) == (2, 1)
    assert counted(record, NOW + 60_000) == (0, 60_000)
    assert counted(count(record, NOW + 60_000), NOW + 60_001) == (1, 59_999)
