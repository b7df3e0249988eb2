"""Clients that call the operation of a unit more than once, put to the test by a platform that ships."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contracts import ProtocolViolated, verify_protocol
from tests.mockserver.platforms.test_mcp import Tool


class Lists(Tool):
    """Calls a tool that lists before each call."""

    def tool_call(self, **called: Any) -> None:
        super().tool_call(name="list", arguments={})
        super().tool_call(**called)


class Forgets(Tool):
    """Loses the arguments if it has to call again."""

    def tool_call(self, **called: Any) -> None:
        try:
            super().tool_call(**called)
        except httpx.HTTPError:
            super().tool_call(**called | {"arguments": {}})


def test_another_tool_may_be_called_before() -> None:
    report = verify_protocol(Lists, "mcp", clauses=("D1", "D3", "D4"), examples=20)
    assert [result.status for result in report.clauses] == ["inconclusive", "held", "inconclusive"]


def test_a_call_that_is_made_again_with_other_values_is_altered() -> None:
    with pytest.raises(ProtocolViolated, match=r"arguments of tool_call 1 was accepted as \{\} instead of"):
        verify_protocol(Forgets, "mcp", clauses="D4", examples=20)
