"""The selection of clauses by their codes or names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeVar

from contracts.errors import ContractsError
from contracts.judge.clause import Requirement

D = TypeVar("D", bound=Requirement)


class UnknownClause(ContractsError):
    """No clause has this code or name; the text proposes the nearest of the `known` codes and `names`."""

    def __init__(self, code: str, known: Sequence[str], names: Sequence[str] = ()) -> None:
        upper = {one.upper(): one for one in known}
        near = get_close_matches(code.lower(), names, n=1)
        near += [upper[one] for one in get_close_matches(code.upper(), upper, n=1, cutoff=0.4)]
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
        super().__init__(f"there is no clause {code!r}; {hint}")


def is_meant(given: str, code: str) -> bool:
    """Return whether a clause is meant by a code that was given, in whatever case, with its kind or for all kinds."""
    return given.upper() in {code.upper(), code.partition("/")[0]}


def select_from(catalogue: Sequence[D], codes: Sequence[str]) -> tuple[D, ...]:
    """Return the clauses of these codes or names from any catalogue. Raises UnknownClause.

    Without the part behind a slash, a code is that of all kinds: `R1` of `R1/session` and `R1/token`.
    """
    wanted: set[str] = set()
    for code in codes:
        meant = {one.code for one in catalogue if is_meant(code, one.code) or code.upper() == one.name.upper()}
        if not meant:
            raise UnknownClause(code, [one.code for one in catalogue], list(dict.fromkeys(one.name for one in catalogue)))
        wanted |= meant
    return tuple(one for one in catalogue if not codes or one.code in wanted)
