"""Writes a story as its file."""

from __future__ import annotations

import json

import msgspec

from contracts.stories import codec, declared
from contracts.stories.declared import DeclaredStory
from contracts.stories.model import AnyStory


def render(story: AnyStory) -> str:
    """Return the file's text, in ASCII, for `dayfly stories run FILE`."""
    told = declared.document(story) if isinstance(story, DeclaredStory) else codec.document(story)
    return json.dumps(json.loads(msgspec.json.encode(told)), indent=2) + "\n"
