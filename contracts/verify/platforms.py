"""The platforms whose clients are judged: the web chat, or one that is declared. They are told apart here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.clauses import DEMANDS
from contracts.scenario import load
from contracts.verify.declared import PlatformSource, declaration
from contracts.verify.expected import CODES
from contracts.verify.run import replay, verify


class WebChat:
    """The web chat, whose clients have the method `send`; see PlatformSource."""

    named, demands, codes, methods = "", DEMANDS, CODES, None
    verify, replay = staticmethod(verify), staticmethod(replay)

    def load(self, path: Path) -> Any:
        """Read a scenario file. Raises ScenarioError."""
        return load(path)


JudgedPlatform = WebChat | PlatformSource
"""A platform whose clients are judged by its clauses, in scenarios of its own."""


def judged_platform(named: str | Path | None) -> JudgedPlatform:
    """Return the platform of this name or file; the web chat for "" and None. Raises SettingsError or DeclarationError."""
    return declaration(named) or WebChat()
