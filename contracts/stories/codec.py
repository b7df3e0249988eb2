"""Reads and writes stories as strict, versioned JSON. Errors name the place in the document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from msgspec.structs import replace

from contracts.formats import Format
from contracts.stories import declared
from contracts.stories.declared import DeclaredStory
from contracts.stories.model import (
    CLIENT,
    SAVES,
    STORY_VERSION,
    AnyStory,
    Create,
    CreateClient,
    ExpireSession,
    Fault,
    Request,
    RevokeSession,
    Send,
    SetPolicy,
    SetScopes,
    Step,
    Story,
    StoryError,
    Token,
    fault_fields,
)
from contracts.stories.names import Kind, reference, references
from contracts.stories.plan import planned
from mockserver.control.faults import fault_from
from mockserver.errors import MockServerError
from mockserver.platform.library import DEFAULT
from mockserver.settings import policy_from
from mockserver.wire.bodies import MAX_DEPTH, is_deep

PRINTED = "`dayfly stories show NAME --emit json` prints one"

_format = Format(Story, "story", STORY_VERSION, Step, StoryError, PRINTED)
_declared = Format(DeclaredStory, "story", STORY_VERSION, declared.Step, StoryError, PRINTED)


class _Named(Struct):
    """The member of a story that says which of the two formats it has."""

    platform: str = ""


def decode(raw: bytes, source: str = "story", platform: str | None = None) -> AnyStory:
    """Decode a story. Raises StoryError, naming `source` and the place, if it is not valid, or not one of `platform`.

    `platform` is a name or a file, "" for the web chat; None allows any.
    """
    named = _platform_in(raw)
    if named is not None and platform is not None and Path(named).stem != Path(platform).stem:
        hint = f"add --platform {named}" if named else "leave out --platform"
        raise StoryError(source, "$", f"this is a story of the platform {named or DEFAULT}; {hint}")
    story = (_declared if named else _format).decode(raw, source)
    if platform is not None or not named:
        story = replace(story, platform=platform or "")
    check(story, source)
    return story


def _platform_in(raw: bytes) -> str | None:
    """Return the declared platform that a story names; "" for the web chat, None if it cannot be read."""
    try:
        named = msgspec.json.decode(raw, type=_Named).platform
    except (ValueError, RecursionError):
        return None
    return "" if named == DEFAULT else named


def load(path: Path, platform: str | None = None) -> AnyStory:
    """Read a story file. Raises StoryError if it cannot be read or is not valid. A file too long is not read whole."""
    return decode(_format.read(path), str(path), platform)


def document(story: AnyStory) -> dict[str, Any]:
    """Return the story as plain values, in an order that suits readers."""
    values = msgspec.to_builtins(story)
    order = ("platform", "title", "summary", "notes", "policy", "steps")
    return {"version": STORY_VERSION, **{name: values[name] for name in order if name in values}}


def encode(story: AnyStory) -> bytes:
    """Return the story as the content of a file: indented JSON with a newline at the end."""
    return msgspec.json.format(msgspec.json.encode(document(story)), indent=2) + b"\n"


# -- sense -----------------------------------------------------------------------------------------------------------


def check(story: AnyStory, source: str = "story") -> None:
    """Raise StoryError if a story of the right shape makes no sense: unsaved names, or values that the mock refuses."""
    _format.check_version(story.version, source)
    if isinstance(story, Story):
        _check_steps(story, source)
    elif story.policy:
        raise StoryError(source, "$.policy", "is for the web chat; a declared platform has the policy of its declaration")
    else:
        try:
            list(planned(story))
        except StoryError as error:
            raise StoryError(source, error.place, error.problem) from error


def _check_steps(story: Story, source: str) -> None:
    _check_mock(lambda: policy_from(story.policy), source, "$.policy")
    saved: dict[str, Kind] = {CLIENT: "client"}
    for number, step in enumerate(story.steps):
        place = f"$.steps[{number}]"
        if isinstance(step, Request) and is_deep(step.json):
            raise StoryError(source, f"{place}.json", f"is nested more than {MAX_DEPTH} levels deep; `text` takes any body")
        for field, name, kinds in uses(step):
            if saved.get(name) not in kinds:
                raise StoryError(source, f"{place}.{field}", f"no step before has saved a {' or '.join(kinds)} as `{name}`")
        _check_step(step, source, place)
        if isinstance(step, Token | Create | CreateClient) and step.save is not None:
            saved[step.save] = SAVES[type(step)]


def uses(step: Step) -> Iterator[tuple[str, str, tuple[Kind, ...]]]:
    """Yield the saved names that a step refers to: the field, the name, and the kinds it may have."""
    for field, text, kinds in _places(step):
        name = reference(text) if text is not None else None
        if name is not None:
            yield field, name, kinds
    if isinstance(step, Request) and step.json is not UNSET:
        yield from (("json", name, ("token", "session")) for name in references(step.json))


def _places(step: Step) -> Iterator[tuple[str, str | None, tuple[Kind, ...]]]:
    match step:
        case Token(client=client):
            yield "client", client, ("client",)
        case Create(token=token):
            yield "token", token, ("token",)
        case Send(token=token, session=session):
            yield "token", token, ("token",)
            yield "session", session, ("session",)
        case Request(authorization=authorization):
            yield "authorization", authorization, ("token", "client")
        case SetScopes(client=client):
            yield "client", client, ("client",)
        case ExpireSession(session=session) | RevokeSession(session=session):
            yield "session", session, ("session",)


def _check_step(step: Step, source: str, place: str) -> None:
    match step:
        case Token(client=client, secret=None) if reference(client) is None:
            raise StoryError(
                source, f"{place}.secret", "is missing: a client id that no step has saved has no secret of its own"
            )
        case Request(json=json, text=text) if json is not UNSET and text is not UNSET:
            raise StoryError(source, place, "`json` and `text` are two bodies; a request has one")
        case Request(text=str(text)) if "\0" in text:
            raise StoryError(source, f"{place}.text", "a NUL cannot be written into a script")
        case Fault():
            _check_mock(lambda: fault_from(fault_fields(step)), source, place)
        case SetPolicy(policy=policy):
            _check_mock(lambda: policy_from(policy), source, f"{place}.policy")


def _check_mock(read: Any, source: str, place: str) -> None:
    try:
        read()
    except MockServerError as error:
        raise StoryError(source, place, str(error)) from error
