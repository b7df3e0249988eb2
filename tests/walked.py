"""How many scenarios the tests put a client in process through before any is drawn."""

from __future__ import annotations

from contracts.builtin import BUILTIN
from contracts.generate import walk

FIRST = len(BUILTIN) + len(list(walk(extent="short")))
