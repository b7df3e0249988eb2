"""The stories that come with dayfly, by name."""

from __future__ import annotations

import os
from difflib import get_close_matches
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from contracts.errors import ContractsError
from contracts.stories.codec import decode, load
from contracts.stories.model import AnyStory

FIRST = "earlier-today"
"""The story of the thread that dayfly began with. It is listed first."""


class UnknownStory(ContractsError):
    """The name of the story is unknown; `near` are similar names."""

    def __init__(self, name: str, near: list[str]) -> None:
        hint = f"did you mean {' or '.join(near)}?" if near else "`dayfly stories list` shows the names"
        super().__init__(f"there is no story {name!r}, and no file of that name; {hint}")
        self.name, self.near = name, near


def names(platform: str = "") -> list[str]:
    """Return the names of a platform's stories, FIRST first, the others in order."""
    return sorted(_files(platform), key=lambda name: (name != FIRST, name))


def find(name: str, platform: str = "") -> AnyStory:
    """Return the story of this name, or in this file, of a platform.

    Raises UnknownStory or StoryError.
    """
    if name in _files(platform):
        return decode(raw(name, platform), f"{name}.json", platform)
    if name.endswith(".json") or os.path.isfile(name):
        return load(Path(name), platform)
    raise UnknownStory(name, get_close_matches(name, _files(platform), n=3, cutoff=0.6))


def raw(name: str, platform: str = "") -> bytes:
    """Return the file of a story of this name."""
    return _files(platform)[name].read_bytes()


@cache
def _files(platform: str) -> dict[str, Traversable]:
    """Return the files of a platform's stories; a declared one has a folder of its own, or none."""
    home = _home() / platform if platform else _home()
    files = home.iterdir() if home.is_dir() else ()
    return {file.name.removesuffix(".json"): file for file in files if file.name.endswith(".json")}


def _home() -> Traversable:
    """Return the directory of the stories: in the installed package, or beside it in a checkout."""
    package = resources.files("contracts")
    installed = package / "_fixtures" / "stories"
    return installed if installed.is_dir() else Path(str(package)).parent / "fixtures" / "stories"
