"""The style of texts. The caller, who knows the terminal, decides it; nothing is looked up here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from contracts.report.cells import clean, clip, hanging

Look = Literal["bold", "dim", "red", "green", "yellow", "cyan"]

_CODES: dict[Look, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

NARROWEST, NARROWEST_PROSE = 60, 40
"""Fewest columns that tables, and sentences, are laid out for."""


@dataclass(frozen=True)
class Style:
    """The `columns` of a line, whether to use `colour`, and whether characters beyond ASCII may be printed."""

    columns: int = 100
    colour: bool = False
    unicode: bool = True

    @property
    def width(self) -> int:
        """The columns that lines are laid out for."""
        return max(NARROWEST, self.columns)

    def paint(self, text: str, *looks: Look) -> str:
        """Colour `text`, if colours are on."""
        if not self.colour or not text or not looks:
            return text
        return f"\x1b[{';'.join(_CODES[look] for look in looks)}m{text}\x1b[0m"

    def say(self, text: str) -> str:
        """Make `text` safe to print: on one line, without characters that do not print, and in ASCII if that is required."""
        shown = clean(text)
        return shown if self.unicode else shown.translate(PLAINER).encode("ascii", "backslashreplace").decode()

    def clip(self, text: str, columns: int) -> str:
        """Return `text`, cut if it takes more than `columns`."""
        return clip(text, columns, "…" if self.unicode else "...")

    def hang(self, label: str, text: str) -> list[str]:
        """Wrap `text` after `label`, with further lines indented below its first."""
        return hanging(label, self.say(text), max(NARROWEST_PROSE, self.columns))


PLAINER = str.maketrans({"…": "...", "→": "->", "·": "|", "∿": "~", "⋯": ".", "⋮": ":", "┊": "|", "“": '"', "”": '"'})

PLAIN = Style()
