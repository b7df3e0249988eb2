"""The stories that come with dayfly, by name."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from contracts.errors import ContractsError
from contracts.stories.codec import decode, load
from contracts.stories.model import Story

FIRST = "earlier-today"
"""The story of the thread that dayfly began with. It is listed first."""


class UnknownStory(ContractsError):
    """The name of the story is unknown; `near` are similar names."""

    def __init__(self, name: str, near: list[str]) -> None:
        hint = f"did you mean {' or '.join(near)}?" if near else "`dayfly stories list` shows the names"
        super().__init__(f"there is no story {name!r}, and no file of that name; {hint}")
        self.name, self.near = name, near


def names() -> list[str]:
    """Return their names, FIRST first, the others in order."""
    return sorted(_files(), key=lambda name: (name != FIRST, name))


def find(name: str) -> Story:
    """Return the story of this name, or in this file. Raises UnknownStory or StoryError."""
    if name in _files():
        return decode(raw(name), f"{name}.json")
    if name.endswith(".json") or Path(name).is_file():
        return load(Path(name))
    raise UnknownStory(name, get_close_matches(name, _files(), n=3, cutoff=0.6))


def raw(name: str) -> bytes:
    """Return the file of a story of this name."""
    return _files()[name].read_bytes()


@cache
def _files() -> dict[str, Traversable]:
    return {file.name.removesuffix(".json"): file for file in _home().iterdir() if file.name.endswith(".json")}


def _home() -> Traversable:
    """Return the directory of the stories: in the installed package, or beside it in a checkout."""
    package = resources.files("contracts")
    installed = package / "_fixtures" / "stories"
    return installed if installed.is_dir() else Path(str(package)).parent / "fixtures" / "stories"
