from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis.internal.conjecture import providers

from contracts.verify.seed import no_constants_found_elsewhere

DRAW = """
import hashlib, sys
for name in sys.argv[1:]:
    __import__(name)
from contracts.generate import Limits
from contracts.scenario import encode
from contracts.verify.sampling import draw
drawn = hashlib.sha256()
draw(lambda scenario: (drawn.update(encode(scenario)), dict)[1], Limits(), 60, 5)
print(drawn.hexdigest())
"""


def drawn(*modules: str) -> str:
    command = [sys.executable, "-c", DRAW, *modules]
    return subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True).stdout


def test_what_else_is_loaded_changes_nothing() -> None:
    """Their source is full of constants that Hypothesis would use."""
    assert drawn() == drawn("tests.contracts.tape", "tests.contracts.small")


def test_hypothesis_is_left_as_it_was() -> None:
    before = providers.HypothesisProvider.__dict__["_maybe_draw_constant"]
    with no_constants_found_elsewhere():
        assert providers.HypothesisProvider.__dict__["_maybe_draw_constant"] is not before
    assert providers.HypothesisProvider.__dict__["_maybe_draw_constant"] is before
