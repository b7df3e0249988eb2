"""A story as its file."""

from __future__ import annotations

from contracts.stories.codec import encode
from contracts.stories.model import Story


def render(story: Story) -> str:
    """The file's text: what `dayfly stories run FILE` takes."""
    return encode(story).decode()
