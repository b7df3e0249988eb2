"""Options as they are typed to repeat a run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from math import isfinite

from contracts.judge import DEFAULTS, TYPED, Parameters
from contracts.profiles import EXAMPLES, Pace, walk_extent


def contract(parameters: Parameters) -> str:
    """Return the options of `dayfly verify` and `dayfly replay` that change what is required, if they differ from the
    default.
    """
    return " ".join(_parameters(parameters))


def drawing(codes: Sequence[str], examples: int, pace: Pace, walk: str | None = None) -> str:
    """Return the options of `dayfly verify` that change what is drawn. The choice of clauses does, because it steers the
    search.
    """
    told = [f"--clause {code.upper()}" for code in codes]
    walked = [] if walk in {None, walk_extent()} else [f"--walk {walk}"]
    return " ".join([*told, *([] if examples == EXAMPLES[pace] else [f"--examples {examples}"]), *walked])


def _parameters(parameters: Parameters) -> Iterator[str]:
    for name in TYPED:
        value = getattr(parameters, name)
        if value != getattr(DEFAULTS, name):
            yield f"--{name.replace('_', '-')} {_typed(value)}"


def _typed(value: float | str) -> str:
    if isinstance(value, float):
        return f"{value:g}" if isfinite(value) else "off"
    return shlex.quote(str(value))
