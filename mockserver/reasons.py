"""The records of `reasons.toml`: for each reason its guard, its answer, and the sentences that explain it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from mockserver.engine.model import Reason


class Record(NamedTuple):
    """The guard, answer and explanation of a reason; `reasons.toml` describes the fields."""

    guard: str | None
    answer: str | None
    why: str
    advice: tuple[str, ...]
    told_as: Reason | None


def _load() -> dict[Reason, Record]:
    content = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    sentences: dict[str, str] = content.pop("sentences")
    records = {f"{family}.{name}": told for family, members in content.items() for name, told in members.items()}
    if strangers := records.keys() ^ {*Reason}:
        raise ValueError(f"reasons.toml and Reason differ in {', '.join(sorted(strangers))}")
    return {reason: _record(records[reason], sentences) for reason in Reason}


def _record(told: dict[str, Any], sentences: dict[str, str]) -> Record:
    return Record(
        guard=told.get("guard"),
        answer=told.get("answer"),
        why=told["why"],
        advice=tuple(sentences[one[1:]] if one.startswith("$") else one for one in told["advice"]),
        told_as=Reason(told["told-as"]) if "told-as" in told else None,
    )


RECORDS = _load()
"""The record of every reason."""
