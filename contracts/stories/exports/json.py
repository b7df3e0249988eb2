"""A story as its file."""

from __future__ import annotations

import json

from contracts.stories.codec import encode
from contracts.stories.model import Story


def render(story: Story) -> str:
    """The file's text, in ASCII: what `dayfly stories run FILE` takes."""
    return json.dumps(json.loads(encode(story)), indent=2) + "\n"
