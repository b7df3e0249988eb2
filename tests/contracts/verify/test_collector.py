from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

import pytest

from contracts.verify.collector import YOUNG, seldom_collected


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_it_is_as_before_afterwards_whatever_happened() -> None:
    gc.set_threshold(700, 11, 12)
    before, seen = gc.get_threshold(), []  # Python 3.14 ignores the third threshold
    with contextlib.suppress(RuntimeError), seldom_collected():
        seen.append(gc.get_threshold())
        raise RuntimeError
    assert seen == [(YOUNG, *before[1:])]
    assert gc.get_threshold() == before


@pytest.mark.parametrize("chosen", [0, 10 * YOUNG])
def test_who_collects_less_often_still_is_left_alone(chosen: int) -> None:
    gc.set_threshold(chosen, 10, 10)
    with seldom_collected():
        assert gc.get_threshold()[0] == chosen
