"""Guesses at the token: each is answered at once, and an address has so many."""

from __future__ import annotations

import pytest

from mockserver.web.admin.tries import AT_ONCE, EVERY, MOST_ADDRESSES, TooManyTries, Tries, source_of
from tests.mockserver.conftest import ManualClock

ADDRESS = "192.0.2.7"


@pytest.fixture
def tries(clock: ManualClock) -> Tries:
    return Tries(clock)


def guess(tries: Tries, count: int, address: str = ADDRESS) -> None:
    for number in range(count):
        assert not tries.fits(f"wrong {number}", "right", address)


def test_the_token_fits_and_nothing_else_does(tries: Tries) -> None:
    assert tries.fits(" right\n", "right", ADDRESS)
    assert not tries.fits("", "right", ADDRESS)
    assert not tries.fits("\udcff", "right", ADDRESS)


def test_beyond_the_bound_none_is_looked_at_until_time_has_passed(tries: Tries, clock: ManualClock) -> None:
    guess(tries, AT_ONCE)
    with pytest.raises(TooManyTries) as refused:
        tries.fits("right", "right", ADDRESS)
    assert refused.value.retry_after == 1
    clock.advance(EVERY / 1000)
    assert tries.fits("right", "right", ADDRESS)
    assert not tries.fits("another", "right", ADDRESS)
    with pytest.raises(TooManyTries):
        tries.fits("right", "right", ADDRESS)
    clock.advance(EVERY * AT_ONCE / 1000)
    guess(tries, AT_ONCE)


def test_it_is_one_address_that_has_to_wait(tries: Tries) -> None:
    guess(tries, AT_ONCE)
    assert tries.fits("right", "right", "192.0.2.8")
    assert tries.fits("right", "right", None)


def test_the_same_wrong_token_again_is_no_guess(tries: Tries) -> None:
    for _ in range(10 * AT_ONCE):
        assert not tries.fits("of last week", "right", ADDRESS)
    assert tries.fits("right", "right", ADDRESS)


def test_the_addresses_that_are_remembered_are_bounded(tries: Tries) -> None:
    guess(tries, AT_ONCE)
    for number in range(MOST_ADDRESSES):
        tries.fits("wrong", "right", f"10.0.{number >> 8}.{number & 255}")
    assert tries.fits("right", "right", ADDRESS)
    assert len(tries._guesses) == MOST_ADDRESSES


def test_a_network_that_one_client_may_have_counts_as_one() -> None:
    assert source_of("2001:db8:1:2:3:4:5:6") == source_of("2001:db8:1:2::1") != source_of("2001:db8:1:3::1")
    assert source_of("192.0.2.7") != source_of("192.0.2.8")
    assert source_of("") == source_of(None) == source_of("/run/dayfly.sock") == ""
