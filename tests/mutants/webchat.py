"""What catches a mutant of the declared web chat: histories that its own engine answers otherwise, and wire samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mockserver.platform import DeclarationError
from tests.fixtures.wire import samples
from tests.mockserver.declared.pair import POLICIES, Pair
from tests.mockserver.declared.scene import Declarations, expected, played

MISSED = "nobody"

REQUESTS = 800
"""Requests of a history under each policy."""


def caught_by(path: Path) -> str:
    """Return what catches a mutant that the loader takes: histories, samples, or MISSED."""
    declarations = Declarations(path.read_text(), path.parent)
    if _differs(declarations, 0):
        return "histories"
    if any(_is_other(declarations, sample) for sample in samples()):
        return "samples"
    return "histories" if any(_differs(declarations, number) for number in range(1, len(POLICIES))) else MISSED


def _differs(declarations: Declarations, number: int) -> bool:
    policy = POLICIES[number]
    try:
        platform = declarations.under(policy)
    except DeclarationError:
        return True
    with Pair(number, platform, policy) as pair:
        return any(_fails(pair) for _ in range(REQUESTS))


def _fails(pair: Pair) -> bool:
    try:
        return pair.step().differs
    except Exception:  # an answer that cannot even be read differs
        return True


def _is_other(declarations: Declarations, sample: Any) -> bool:
    try:
        return played(declarations, sample) != expected(sample)
    except Exception:  # nor does it fit a sample
        return True
