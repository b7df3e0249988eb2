"""The calendar does little at a time, and gets everything done."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mockserver.stores.deadlines import NEVER, PAGE, PAGES_A_STEP, SMALL, Deadlines

ALL = 1 << 30


def test_nothing_is_due_before_the_first_end() -> None:
    deadlines = Deadlines()
    assert deadlines.due == NEVER
    deadlines.put("b", 5_000, 0)
    deadlines.put("a", 4_000, 0)
    assert deadlines.due == 4_000
    deadlines.advance(4_000)
    assert deadlines.live == 1
    assert 4_000 < deadlines.due <= 5_000


def test_a_jump_over_very_many_pages_is_made_in_steps() -> None:
    deadlines = Deadlines()
    pages = PAGES_A_STEP * 2 + 1
    for number in range(pages):
        deadlines.put(f"s{number}", (number + 1) << PAGE, 0)
    now = (pages + 2) << PAGE
    seen = []
    while now >= deadlines.due:
        deadlines.advance(now)
        seen.append(deadlines.live)
    assert seen == [PAGES_A_STEP + 1, 1, 0]
    assert deadlines.due == NEVER


def test_a_multitude_on_one_page_leaves_at_once_and_is_forgotten_in_steps() -> None:
    deadlines = Deadlines()
    for number in range(SMALL * 4):
        deadlines.put(f"s{number}", 1_000, 0)
    deadlines.advance(2_000)
    assert deadlines.live == 0
    forgotten = [len(deadlines.forget(0, SMALL, 500)) for _ in range(5)]
    assert forgotten == [500, 500, 500, 36, 0]


def test_a_crowded_page_is_late_by_no_more_than_itself() -> None:
    deadlines = Deadlines()
    for number in range(SMALL + 1):
        deadlines.put(f"s{number}", 1_030, 0)
    deadlines.advance(1_030)
    assert deadlines.live == SMALL + 1
    assert deadlines.due == 2 << PAGE
    deadlines.advance(deadlines.due)
    assert deadlines.live == 0


def test_who_ends_while_others_wait_to_be_looked_at_comes_after_them() -> None:
    deadlines = Deadlines()
    for number in range(3):
        deadlines.put(f"s{number}", 10 + number, 0)
    deadlines.advance(1 << PAGE)
    deadlines.put("used", 1 << PAGE, 1 << PAGE)
    assert deadlines.forget(0, 0, 2) == ["s0", "s1"]
    assert deadlines.forget(0, 0, 2) == ["s2", "used"]


def test_one_that_was_removed_is_not_forgotten_again() -> None:
    deadlines = Deadlines()
    for id in "abc":
        deadlines.put(id, 5, 5)
    deadlines.put("d", 9_000, 5)
    deadlines.remove("a")
    deadlines.remove("d")
    deadlines.remove("never there")
    assert deadlines.live == 0
    assert deadlines.forget(0, 0, ALL) == ["b", "c"]
    assert not deadlines.crowded(ALL, 0)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 9_000), st.integers(0, 3_000))))
def test_live_is_what_a_scan_counts(steps: list[tuple[str, int, int]]) -> None:
    deadlines, ends, now = Deadlines(), dict[str, int](), 0
    for id, lasts, passes in steps:
        ends[id] = now + lasts
        deadlines.put(id, now + lasts, now)
        now += passes
        if now >= deadlines.due:
            deadlines.advance(now)
        assert deadlines.live == sum(end > now for end in ends.values())
    ended = sorted(end for end in ends.values() if end <= now)
    assert [ends[id] for id in deadlines.forget(0, 0, ALL)] == ended
