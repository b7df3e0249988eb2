"""The short form of `make chaos`: the same scenes, a few races each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos import scenes
from tests.chaos.ledger import Row
from tests.chaos.scenes import SCENES, Scene

pytestmark = pytest.mark.slow

SHORT: dict[Callable[[int], Row], int] = {
    scenes.in_process: 30,
    scenes.in_process_losing_replies: 30,
    scenes.one_worker: 10,
    scenes.two_workers: 10,
    scenes.killed: 10,
    scenes.store_held: 6,
    scenes.proxied_and_stopped: 8,
}
"""How many races there are in each. The other scenes start more servers, or take longer to show more."""

PLAYED = [scene for scene in SCENES if scene.play in SHORT]


@pytest.mark.parametrize("scene", PLAYED, ids=[scene.name for scene in PLAYED])
def test_one_session_has_one_winner_and_the_journal_tells_what_was_on_the_wire(scene: Scene) -> None:
    races = SHORT[scene.play]
    row = scene.play(races)
    assert row.races == races
    assert row.sends > races * scenes.CROWD
    assert row.faults == 0, row


def test_every_scene_of_the_short_form_exists() -> None:
    assert len(PLAYED) == len(SHORT)
