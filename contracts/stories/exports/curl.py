"""Writes a story as a bash script of curl commands."""

from __future__ import annotations

import json
from collections.abc import Iterator

from contracts.report.exports.shell import ascii_word, comment, word
from contracts.stories.exports.parts import expected, heading, prologue, steps, variable, words
from contracts.stories.model import CLIENT, Story
from contracts.stories.plan import Basic, Change, Exchange, Planned, Text, joined, whole_policy


def render(story: Story) -> str:
    """Return the script, in ASCII."""
    return "\n".join([*_head(story), *steps(story, _request, _change)]) + "\n"


def _head(story: Story) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield from (comment(line).rstrip() for line in heading(story, "bash FILE"))
    yield ""
    yield prologue("prologue.sh")
    made = {"name": "dayfly story", "policy": whole_policy(story)}
    yield f"admin POST /organizations {word(json.dumps(made))}"
    yield f"ORGANIZATION=$(field id) id_{CLIENT}=$(field client_id) secret_{CLIENT}=$(field client_secret)"
    yield "world POST /clock/freeze '{}'"


def _change(number: int, plan: Planned, sent: Change) -> Iterator[str]:
    yield f"printf '%s\\n' {word(words(number, plan.step))}"
    yield f"world {sent.method} {_text(sent.path)} {word(json.dumps(sent.body))}"
    if sent.saves is not None:
        yield f"id_{sent.saves}=$(field client_id) secret_{sent.saves}=$(field client_secret)"


def _request(number: int, plan: Planned, sent: Exchange) -> Iterator[str]:
    said = words(number, plan.step)
    yield f"# {said}"
    yield f"data={_text(sent.body)}"
    if sent.fill:
        yield f"fill {sent.fill}"
    lines = [_call(said, sent), "expect " + " ".join("-" if one is None else word(str(one)) for one in expected(sent.expected))]
    if sent.times > 1:
        lines = [f"for ((i = 0; i < {sent.times}; i++)); do", *(f"  {line}" for line in lines), "done"]
    yield from lines
    if sent.saves is not None:
        gap, member = sent.saves
        yield f"saved_{gap.name}=$(field {member})"


def _call(said: str, sent: Exchange) -> str:
    options = [f"-H {word('Content-Type:' + (f' {sent.content_type}' if sent.content_type else ''))}"]
    shown_by = sent.authorization
    if isinstance(shown_by, Basic):
        options.append(f"-u {_text(shown_by.id)}:{_text(shown_by.secret)}")
    elif shown_by is not None:
        options.append(f"-H {_header(shown_by)}")
    return f"call {word(said)} {word(sent.method)} {word(sent.address)} \\\n  {' '.join(options)}"


def _header(value: Text) -> str:
    """Return an Authorization header. curl needs a semicolon for one without a value."""
    if all(isinstance(piece, str) and not piece.strip() for piece in value):
        return "'Authorization;'"
    return _text(("Authorization: ", *value))


def _text(text: Text) -> str:
    """Return a text as one word, with variables in its gaps."""
    return "".join(ascii_word(piece) if isinstance(piece, str) else f'"${variable(piece)}"' for piece in joined(text)) or "''"
