"""A story as something that runs by itself: scripts for curl, Python and Node, and the story's own file.

Each script makes its own organisation on a running mock. The mock's URL is the first argument, DAYFLY_URL, or the one that the
script was written for; its token is DAYFLY_ADMIN_TOKEN. It exits with 0 if every answer is as expected, 1 if one is not, 2 if
that could not be checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from contracts.stories.model import AnyStory


DEFAULT_URL = "http://127.0.0.1:8403"
"""Where `dayfly serve` listens unless it is told otherwise."""

_PLAIN_URL = re.compile(r"https?://[\w.:\[\]-]+")


class ScriptKind(NamedTuple):
    """A kind of script: its title, the suffix of its files, and the command that runs `file` on the mock at `url`."""

    title: str
    suffix: str
    command: str


KINDS: dict[str, ScriptKind] = {
    "curl": ScriptKind("curl", ".sh", "bash {file} {url}"),
    "python": ScriptKind("Python", ".py", "python {file} {url}"),
    "node": ScriptKind("Node", ".mjs", "node {file} {url}"),
    "json": ScriptKind("Story file", ".json", "dayfly stories run {file} --url {url}"),
}


def kinds_of(story: AnyStory) -> dict[str, ScriptKind]:
    """Return the kinds in which a story can be written; one of a declared platform names that in its command."""
    run = f"run --platform {story.platform}" if story.platform else "run"
    return {name: kind._replace(command=kind.command.replace("stories run", f"stories {run}")) for name, kind in KINDS.items()}


def render(story: AnyStory, kind: str, url: str = DEFAULT_URL) -> str:
    """Return the story as a script of a kind, one of KINDS; `url` is that of the mock on which it runs if no other is named.

    A URL that may mean something to a shell, as one from a Host header could, is not written.
    """
    module: str = f"contracts.stories.exports.{kind}"
    rendered: Callable[[AnyStory, str], str] = import_module(module).render
    return rendered(story, url if _PLAIN_URL.fullmatch(url) else DEFAULT_URL)
