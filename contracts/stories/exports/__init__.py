"""A story as something that runs by itself: scripts for curl, Python and Node, and the story's own file.

Each script makes an organisation of its own on a running mock: its URL is the first argument or DAYFLY_URL, its token
DAYFLY_ADMIN_TOKEN. It exits with 0 where every answer is the expected one, 1 where one is not, 2 where that could not be told.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from contracts.stories.model import Story


class Kind(NamedTuple):
    """A kind of script: what people call it, how its files end, and what is typed to put `file` on the mock at `url`."""

    title: str
    suffix: str
    command: str


KINDS: dict[str, Kind] = {
    "curl": Kind("curl", ".sh", "bash {file} {url}"),
    "python": Kind("Python", ".py", "python {file} {url}"),
    "node": Kind("Node", ".mjs", "node {file} {url}"),
    "json": Kind("Story file", ".json", "dayfly stories run {file} --url {url}"),
}


def render(story: Story, kind: str) -> str:
    """The story as a script of a kind, one of KINDS."""
    module: str = f"contracts.stories.exports.{kind}"
    rendered: Callable[[Story], str] = import_module(module).render
    return rendered(story)
