"""Verdicts: the ends of clauses, with the evidence for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct


class Status(StrEnum):
    """The end of a clause."""

    HELD = "held"
    VIOLATED = "violated"
    NOT_EXERCISED = "not_exercised"
    INCONCLUSIVE = "inconclusive"


class Evidence(Struct, frozen=True):
    """An entry of the trace that clashes, with a label such as `second use`."""

    label: str
    seq: int


class Verdict(Struct, frozen=True, omit_defaults=True):
    """The end of one clause. `explained_by` is the clause whose violation in the same trace is the root of this one."""

    code: str
    status: Status
    message: str = ""
    evidence: tuple[Evidence, ...] = ()
    explained_by: str | None = None

    @property
    def is_root(self) -> bool:
        """Return whether the clause is violated, and no other violation explains it."""
        return self.status is Status.VIOLATED and self.explained_by is None


@dataclass(frozen=True)
class Verdicts:
    """The verdicts on a run, in the order of the clauses."""

    verdicts: tuple[Verdict, ...]

    @property
    def violated(self) -> tuple[Verdict, ...]:
        """The violations that no other violation explains."""
        return tuple(verdict for verdict in self.verdicts if verdict.is_root)

    def of(self, code: str) -> Verdict:
        """Return the verdict on one clause. Raises KeyError if the clause was not judged."""
        for verdict in self.verdicts:
            if verdict.code == code:
                return verdict
        raise KeyError(code)
