"""Writes a story as its file."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from contracts.stories import codec, declared
from contracts.stories.declared import DeclaredStory
from contracts.stories.model import AnyStory


def render(story: AnyStory) -> str:
    """Return the file's text, in ASCII, for `dayfly stories run FILE`."""
    return json.dumps(json.loads(msgspec.json.encode(document(story))), indent=2) + "\n"


def document(story: AnyStory) -> dict[str, Any]:
    """Return the story as plain values."""
    return declared.document(story) if isinstance(story, DeclaredStory) else codec.document(story)
