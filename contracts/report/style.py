"""How text is to look: decided by whoever knows the terminal, never looked up here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contracts.report.cells import clean, clip, hanging

Look = Literal["bold", "dim", "red", "green", "yellow", "cyan"]

_CODES: dict[Look, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

NARROWEST, NARROWEST_PROSE = 60, 40
"""Columns below which nothing is laid out any narrower: tables, and sentences."""


@dataclass(frozen=True)
class Style:
    """`columns` a line may take, whether there is `colour`, and whether lines and arrows may be drawn beyond ASCII."""

    columns: int = 100
    colour: bool = False
    unicode: bool = True

    @property
    def width(self) -> int:
        """The columns that lines are laid out for."""
        return max(NARROWEST, self.columns)

    def paint(self, text: str, *looks: Look) -> str:
        """`text` in colour, where there is any."""
        if not self.colour or not text or not looks:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in looks)}m{text}\x1b[0m"

    def say(self, text: str) -> str:
        """`text` as it may be printed: on one line, nothing in it that does not print, ASCII alone where that is asked for."""
        shown = clean(text)
        return shown if self.unicode else shown.translate(_PLAINER).encode("ascii", "backslashreplace").decode()

    def clip(self, text: str, columns: int) -> str:
        """`text`, cut where it takes more than `columns`."""
        return clip(text, columns, "…" if self.unicode else "...")

    def hang(self, label: str, text: str) -> list[str]:
        """`text` after `label`, wrapped, its further lines below its first."""
        return hanging(label, self.say(text), max(NARROWEST_PROSE, self.columns))


_PLAINER = str.maketrans({"…": "...", "→": "->", "·": "|", "∿": "~", "⋯": ".", "⋮": ":", "┊": "|"})

PLAIN = Style()
