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


class Twice(Lists):
    """Lists and calls, and does so again."""

    def tool_call(self, **called: Any) -> None:
        super().tool_call(**called)
        super().tool_call(**called)


class Looks(Tool):
    """Looks for what a tool would get before each call."""

    def tool_call(self, **called: Any) -> None:
        super().tool_call(name="find", arguments={"query": called["arguments"]["text"]})
        super().tool_call(**called)


class ForgetsAll(Tool):
    """Loses everything if it has to call again."""

    def tool_call(self, **called: Any) -> None:
        try:
            super().tool_call(**called)
        except httpx.HTTPError:
            super().tool_call(name="undefined", arguments={})


class Forgets(Tool):
    """Loses the arguments if it has to call again."""

    def tool_call(self, **called: Any) -> None:
        try:
            super().tool_call(**called)
        except httpx.HTTPError:
            super().tool_call(**called | {"arguments": {}})


def test_another_tool_may_be_called_before() -> None:
    report = verify_protocol(Lists, "mcp", clauses=("D1", "D3", "D4"))
    assert [result.status for result in report.clauses] == ["held", "held", "held"]


def test_who_calls_another_tool_before_is_caught_if_it_calls_its_own_twice() -> None:
    with pytest.raises(ProtocolViolated, match="tool_call 1 was accepted twice"):
        verify_protocol(Twice, "mcp", clauses="D1", examples=20)


def test_a_call_that_has_some_of_the_values_may_be_the_unit_s() -> None:
    report = verify_protocol(Looks, "mcp", clauses=("D1", "D4"), examples=20)
    assert [result.status for result in report.clauses] == ["inconclusive", "inconclusive"]


@pytest.mark.parametrize(("client", "field"), [(Forgets, "arguments"), (ForgetsAll, "name")])
def test_a_call_that_is_made_again_with_other_values_is_altered(client: type[Tool], field: str) -> None:
    with pytest.raises(ProtocolViolated, match=rf"{field} of tool_call 1 was accepted as .* instead of"):
        verify_protocol(client, "mcp", clauses="D4", examples=20)
