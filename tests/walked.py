"""The number of scenarios that tests run with a client in process before any is drawn."""

from __future__ import annotations

from contracts.builtin import BUILTIN
from contracts.generate import walk

FIRST = len(BUILTIN) + len(list(walk(extent="short")))
