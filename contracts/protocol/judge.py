"""Judges a run: each clause for each kind and each unit that it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from contracts.protocol.clauses import CALL_CLAUSES, CLAUSES, Clause, Result
from contracts.protocol.history import History, history_of
from contracts.protocol.trace import Trace
from contracts.protocol.units import UNIT_CLAUSES
from mockserver.platform.model import Kind, Platform

Status = Literal["held", "violated", "explained", "not exercised"]

EXPLAINS = {
    "S1": ("R1", "R2", "D2"),
    "N2": ("R1", "R2", "A4", "D2", "D3"),
    "S4": ("R1", "R2", "D2"),
    "N1": ("A4", "D2"),
    "R1": ("D2",),
    "R2": ("D2",),
}
"""Clauses that are broken as a consequence of another, for the same kind or for a unit. They are not reported as separate
mistakes."""

LEVELS = {"must": "MUST", "should": "SHOULD", "advice": "advice"}


class Verdict(Struct, frozen=True, kw_only=True):
    """The verdict of one clause. `code` is the clause's, with the kind or the unit it is about: `S1/nonce`, `D3/tool_call`.

    `level` and `source` are the clause's basis: a sentence of the specification, and if that is a MUST or a SHOULD. Both are ""
    if the declaration does not say.
    """

    code: str
    name: str
    statement: str
    status: Status
    message: str = ""
    at: tuple[int, ...] = ()
    level: str = ""
    source: str = ""


def judge(platform: Platform, trace: Trace) -> list[Verdict]:
    """Return a verdict for each clause."""
    history = history_of(platform, trace)
    verdicts = [*_of_kinds(history), *_of_calls(history), *_of_units(history)]
    broken = {verdict.code for verdict in verdicts if verdict.status == "violated"}
    return [_explained(verdict, broken) for verdict in verdicts]


def codes(platform: Platform) -> list[str]:
    """Return the codes of all clauses for clients of a platform."""
    return [verdict.code for verdict in judge(platform, Trace(exchanges=[]))]


def _of_kinds(history: History) -> Iterator[Verdict]:
    for clause in CLAUSES:
        for kind in history.platform.kinds.values():
            if clause.needs(kind):
                result = clause.judge(history, kind)
                level, source = _rests_on(kind.duty, clause.duty)
                code, statement = f"{clause.code}/{kind.name}", _worded(clause, kind)
                yield _verdict(code, clause.name, statement, result, level, source)


def _of_calls(history: History) -> Iterator[Verdict]:
    for clause in CALL_CLAUSES:
        yield _verdict(clause.code, clause.name, f"the client must {clause.statement}", clause.judge(history))


def _of_units(history: History) -> Iterator[Verdict]:
    for clause in UNIT_CLAUSES:
        for name, effect in history.platform.effects.items():
            if clause.applies(effect):
                statement = f"of each {name} the client must {clause.statement}"
                result = clause.judge(history, name, effect)
                yield _verdict(f"{clause.code}/{name}", clause.name, statement, result, *_rests_on(effect, clause.duty))


def _worded(clause: Clause, kind: Kind) -> str:
    uses = "a use of it" if kind.life.uses in {None, 1} else f"{kind.life.uses} uses of it"
    return "the client must " + clause.statement.format(a=kind.a, noun=kind.noun, uses=uses)


def _rests_on(declared: Mapping[str, Any], duty: str) -> tuple[str, str]:
    """Return the level and the sentence that a declaration gives for a duty."""
    source: dict[str, Any] = declared.get("sources", {}).get(duty, {})
    of = f" ({source['of']})" if "of" in source else ""
    return LEVELS.get(source.get("level", ""), ""), f"{source['text']}{of}" if source else ""


def _verdict(code: str, name: str, statement: str, result: Result, level: str = "", source: str = "") -> Verdict:
    breach = result.breach
    status: Status = "violated" if breach is not None else "held" if result.exercised else "not exercised"
    message, at = (breach.message, breach.at) if breach is not None else ("", ())
    return Verdict(code=code, name=name, statement=statement, status=status, message=message, at=at, level=level, source=source)


def _explained(verdict: Verdict, broken: set[str]) -> Verdict:
    code, _, about = verdict.code.partition("/")
    of_unit = code in {clause.code for clause in UNIT_CLAUSES}
    for root in broken:
        cause, _, kind = root.partition("/")
        if verdict.status == "violated" and code in EXPLAINS.get(cause, ()) and (of_unit or kind == about):
            return replace(verdict, status="explained")
    return verdict
