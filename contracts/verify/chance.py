"""Keeps what is drawn from depending on what else the process has loaded.

Hypothesis mixes constants into its draws that it finds in the source of the modules loaded from the working directory. For a
test of those modules that is a help; here it would mean that a seed finds something else in another session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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


def _none(*_: object, **__: object) -> None:
    """Draws no constant."""
