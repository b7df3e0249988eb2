"""Keeps what is drawn from depending on what else the process has loaded.

Hypothesis mixes constants into its draws that it finds in the source of the modules loaded from the working directory. For a
test of those modules that is a help; here it would mean that a seed finds something else in another session.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from hypothesis import configuration
from hypothesis.internal.conjecture import providers

_METHOD = "_maybe_draw_constant"
"""Private to Hypothesis, and younger than the oldest version supported here: a test holds what is relied on."""


@contextmanager
def no_constants_found_elsewhere() -> Iterator[None]:
    """While it lasts, Hypothesis draws by its seed alone."""
    provider: Any = providers.HypothesisProvider
    original = getattr(provider, _METHOD, None)
    if original is None:
        yield
        return
    setattr(provider, _METHOD, _none)
    try:
        yield
    finally:
        setattr(provider, _METHOD, original)


@contextmanager
def storage_elsewhere() -> Iterator[None]:
    """While it lasts, Hypothesis keeps its tables in the user's cache, and makes no `.hypothesis` in the working directory.

    A directory that is there already, or that HYPOTHESIS_STORAGE_DIRECTORY names, is used as it is.
    """
    home = configuration.storage_directory(intent_to_write=False).home_directory
    if home.exists() or os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY"):
        yield
        return
    configuration.set_hypothesis_home_dir(_cache() / "dayfly" / "hypothesis")
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(home)


def _cache() -> Path:
    """The user's cache; a directory that no one else writes to, if there is no home."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if Path(given).is_absolute():
        return Path(given)
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        return Path(gettempdir()) / f"dayfly-{os.getuid()}"


def _none(*_: object, **__: object) -> None:
    """Draws no constant."""
