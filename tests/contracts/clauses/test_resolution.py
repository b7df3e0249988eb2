"""Stamps that are not exact: a wait may have been longer than they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.clauses import judged
from contracts.judge import Status
from mockserver.journal import Header, read

BAD = Path(__file__).parents[3] / "fixtures" / "traces" / "bad"


@pytest.mark.parametrize("code", ["R5", "R6"])
@pytest.mark.parametrize(("resolution", "status"), [(1, Status.VIOLATED), (60_000, Status.HELD), (1 << 40, Status.HELD)])
def test_a_wait_is_too_short_only_if_it_is_at_any_moment_its_stamps_allow(code: str, resolution: int, status: Status) -> None:
    header, *entries = read((BAD / f"{code}.jsonl").read_bytes().splitlines())
    assert isinstance(header, Header)
    assert judged([replace(header, resolution=resolution), *entries]).of(code).status is status
