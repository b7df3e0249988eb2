"""A story as something that runs by itself: scripts for curl, Python and Node, and the story's own file.

Each script makes its own organisation on a running mock. The mock's URL is the first argument, DAYFLY_URL, or the one that the
script was written for; its token is DAYFLY_ADMIN_TOKEN. It exits with 0 if every answer is as expected, 1 if one is not, 2 if
that could not be checked.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from contracts.stories.model import AnyStory


DEFAULT_URL = "http://127.0.0.1:8403"
"""Where `dayfly serve` listens unless it is told otherwise."""

_PLAIN_URL = re.compile(r"https?://([\w.-]+|\[[\da-fA-F:.]+\])(:\d+)?(/[\w.~%/-]*)?", re.ASCII)


class ScriptKind(NamedTuple):
    """A kind of script: its title, the suffix of its files, and the command that runs it; see `command`."""

    title: str
    suffix: str
    command: str


KINDS: dict[str, ScriptKind] = {
    "curl": ScriptKind("curl", ".sh", "bash {file} {url}"),
    "python": ScriptKind("Python", ".py", "python {file} {url}"),
    "node": ScriptKind("Node", ".mjs", "node {file} {url}"),
    "json": ScriptKind("Story file", ".json", "dayfly stories run {platform}{file} --url {url}"),
}


def is_usable(url: str) -> bool:
    """Return whether a URL names a host, and means nothing to a shell, as one from a Host header could."""
    return _PLAIN_URL.fullmatch(url) is not None


def command(story: AnyStory, kind: str, file: str, url: str) -> str:
    """Return the shell command that runs a story, written to `file` as a kind, on the mock at `url`; see `render`."""
    platform = f"--platform {shlex.quote(story.platform)} " if story.platform else ""
    address = url if is_usable(url) else DEFAULT_URL
    return KINDS[kind].command.format(file=shlex.quote(file), url=shlex.quote(address), platform=platform)


def render(story: AnyStory, kind: str, url: str = DEFAULT_URL) -> str:
    """Return the story as a script of a kind, one of KINDS; `url` is that of the mock on which it runs if no other is named.

    A URL that is not usable is not written.
    """
    module: str = f"contracts.stories.exports.{kind}"
    rendered: Callable[[AnyStory, str], str] = import_module(module).render
    return rendered(story, url if is_usable(url) else DEFAULT_URL)
