from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from mockserver.assemble import Assembly
from mockserver.control import Control
from mockserver.explain import Explanation
from tests.mockserver.over_stores import assembly, store, valkey

__all__ = ["assembly", "explain", "store", "valkey"]

Tell = Callable[[httpx.Response], Explanation]


@pytest.fixture
def explain(assembly: Assembly) -> Tell:
    """The story behind an answer."""
    return lambda answer: Control(assembly).explain(answer.headers["ININ-Correlation-Id"])
