"""Writes a story as its file."""

from __future__ import annotations

import json

from contracts.stories.codec import encode
from contracts.stories.model import AnyStory


def render(story: AnyStory, url: str) -> str:  # noqa: ARG001 - the other kinds need it
    """Return the file's text, in ASCII, for `dayfly stories run FILE`."""
    return json.dumps(json.loads(encode(story)), indent=2) + "\n"
