"""How many scenarios a client in process is put through before any is drawn."""

from __future__ import annotations

from contracts.builtin import BUILTIN
from contracts.generate import walk

FIRST = len(BUILTIN) + len(list(walk()))
