"""Makes Hypothesis draw by its seed alone.

Hypothesis adds constants to its draws that it finds in modules loaded from the working directory. That helps to test those
modules. Here it would mean that the same seed draws something else in another session.
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
"""A private method of Hypothesis, which its oldest supported version does not have. A test checks it."""


@contextmanager
def no_constants_found_elsewhere() -> Iterator[None]:
    """Let Hypothesis draw by its seed alone meanwhile."""
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
    """Let Hypothesis keep its tables in the user's cache meanwhile, instead of `.hypothesis` in the working directory.

    A directory that exists already, or that HYPOTHESIS_STORAGE_DIRECTORY names, is used as it is.
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
    """Return the user's cache; without a home, a temporary directory of the user's own."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if Path(given).is_absolute():
        return Path(given)
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        return Path(gettempdir()) / f"dayfly-{os.getuid()}"


def _none(*_: object, **__: object) -> None:
    """Draw no constant."""
