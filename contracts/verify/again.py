"""How options are typed, so that a run can be had again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from contracts.judge import DEFAULTS, Parameters
from contracts.profiles import EXAMPLES

_TYPED = ("delivery", "max_age", "max_attempts", "idempotency_key")
"""The parameters of a contract that are options."""


def contract(parameters: Parameters) -> str:
    """Those of `dayfly verify` and `dayfly replay` that say what a client is held to, where that is not the usual."""
    return " ".join(_parameters(parameters))


def drawing(codes: Sequence[str], examples: int, clock: str) -> str:
    """Those of `dayfly verify` that say what is drawn: which clauses are judged steers that as well."""
    told = [f"--clause {code.upper()}" for code in codes]
    return " ".join([*told, *([] if examples == EXAMPLES[clock] else [f"--examples {examples}"])])


def _parameters(parameters: Parameters) -> Iterator[str]:
    for name in _TYPED:
        value = getattr(parameters, name)
        if value != getattr(DEFAULTS, name):
            shown = f"{value:g}" if isinstance(value, float) else shlex.quote(str(value))
            yield f"--{name.replace('_', '-')} {shown}"
