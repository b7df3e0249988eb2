"""The progress bar of a long search, for people who wait at a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from contracts.verify.search import Progress, Watch

SHORT = 1.0
"""Seconds before a bar is shown."""

WIDEST = 30
TEXT = 75
"""Most columns of the bar, and of the text beside it."""

_ERASE = "\r\x1b[K\x1b[?25h"
"""Clears the line, and shows the cursor that the bar has hidden."""


@contextmanager
def progress_bar() -> Iterator[Watch | None]:
    """Show a bar on standard error meanwhile; None if that is not a terminal, or in CI."""
    if not (sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")):
        yield None
        return
    bar = _Bar(sys.stderr)
    try:
        yield bar.show
    finally:
        bar.erase()


class _Bar:
    """A bar that is first drawn when a run ends after a second."""

    def __init__(self, stream: TextIO) -> None:
        from contracts.verify.stopwatch import Stopwatch

        self._stream, self._stopwatch = stream, Stopwatch()
        self._bar: ProgressBar[Progress] | None = None

    def show(self, progress: Progress) -> None:
        """Draw the progress."""
        if self._bar is None:
            if self._stopwatch.seconds() < SHORT:
                return
            self._bar = self._drawn(progress)
        self._bar.current_item = progress
        self._bar.update(progress.runs - self._bar.pos)
        self._bar.render_progress()

    def erase(self) -> None:
        """Erase the bar."""
        if self._bar is not None:
            self._stream.write(_ERASE)
            self._stream.flush()

    def _drawn(self, progress: Progress) -> ProgressBar[Progress]:
        room = shutil.get_terminal_size().columns - TEXT
        return click.progressbar(
            length=progress.planned,
            item_show_func=words,
            show_pos=True,
            show_eta=False,
            width=max(4, min(room, WIDEST)),
            file=self._stream,
        )


def words(progress: Progress | None) -> str | None:
    """Return the text beside the bar."""
    if progress is None:
        return None
    told = f"{progress.exercised}/{progress.clauses} clauses exercised, {progress.violated} violated"
    return f"{told}; minimizing {progress.smaller}" if progress.smaller else told
