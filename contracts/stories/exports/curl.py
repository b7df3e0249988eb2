"""Writes a story as a bash script of curl commands."""

from __future__ import annotations

import json
from collections.abc import Iterator

from contracts.report.exports.shell import ascii_word, comment, word
from contracts.stories.exports.parts import expected, heading, prologue, steps, variable, words
from contracts.stories.model import CLIENT, AnyStory
from contracts.stories.plan import BasicAuth, Change, Coded, Gap, Planned, PlannedExchange, Text, joined, pieces, whole_policy
from mockserver.platform.places import Place


def render(story: AnyStory, url: str) -> str:
    """Return the script; texts in it are UTF-8."""
    return "\n".join([*_head(story, url), *steps(story, _request, _change)]) + "\n"


def _head(story: AnyStory, url: str) -> Iterator[str]:
    yield "#!/usr/bin/env bash"
    yield from (comment(line).rstrip() for line in heading(story, "bash FILE", url))
    yield ""
    yield prologue("prologue.sh", url)
    if not story.platform:
        made = {"name": "dayfly story", "policy": whole_policy(story)}
        yield f"admin POST /organizations {word(json.dumps(made))}"
        yield f"ORGANIZATION=$(field id) id_{CLIENT}=$(field client_id) secret_{CLIENT}=$(field client_secret)"
    else:
        yield 'world() { admin "$1" "$2" "$3"; }'
        yield "leave() { world DELETE /faults '' && world POST /clock/resume '{}'; }"
    yield "world POST /clock/freeze '{}'"


def _change(number: int, plan: Planned, sent: Change) -> Iterator[str]:
    yield f"printf '%s\\n' {word(words(number, plan.step))}"
    body = tuple(pieces(dict(sent.body)))
    yield f"world {sent.method} {_text(sent.path)} {_text(body)}"
    if sent.saves:
        yield " ".join(f"{variable(gap)}=$(field {way[-1]})" for gap, way in sent.saves.items())


def _request(number: int, plan: Planned, sent: PlannedExchange) -> Iterator[str]:
    said = words(number, plan.step)
    yield f"# {said}"
    yield f"data={_text(sent.body)}"
    if sent.fill:
        yield f"fill {sent.fill}"
    lines = [_call(said, sent), "expect " + " ".join("-" if one is None else word(str(one)) for one in expected(sent.expected))]
    if sent.times > 1:
        lines = [f"for ((i = 0; i < {sent.times}; i++)); do", *(f"  {line}" for line in lines), "done"]
    yield from lines
    yield from (f"{variable(gap)}={_found(place)}" for gap, place in sent.saves.items())


def _found(place: Place) -> str:
    """Return the command that prints what an answer has at a place."""
    lens, _, inner = place.lens.partition("/")
    if place.part == "body":
        return f"$(field {place.steps[-1]})"
    if place.part == "cookie":
        return f"$(header set-cookie | sed -n 's/^{place.name}=\\([^;]*\\).*/\\1/p')"
    value = f"header {place.name.lower()}"
    if lens == "query":
        return f"$({value} | sed -n 's/.*[?&]{inner}=\\([^&#]*\\).*/\\1/p')"
    return (
        f"$({value} | sed 's|^[a-z]*://[^/]*/||; s/[?#].*//' | cut -d / -f {int(inner) + 1})"
        if lens == "path"
        else f"$({value})"
    )


def _call(said: str, sent: PlannedExchange) -> str:
    options = [f"-H {_text((f'{name}: ', *value))}" for name, value in sent.headers.items()]
    options += [f"-H {word('Content-Type:' + (f' {sent.content_type}' if sent.content_type else ''))}"]
    shown_by = sent.authorization
    if isinstance(shown_by, BasicAuth):
        options.append(f"-u {_text(shown_by.id)}:{_text(shown_by.secret)}")
    elif shown_by is not None:
        options.append(f"-H {_header(shown_by)}")
    return f"call {word(said)} {word(sent.method)} {_text(sent.address)} \\\n  {' '.join(options)}"


def _header(value: Text) -> str:
    """Return an Authorization header. curl needs a semicolon for one without a value."""
    if all(isinstance(piece, str) and not piece.strip() for piece in value):
        return "'Authorization;'"
    return _text(("Authorization: ", *value))


def _text(text: Text) -> str:
    """Return a text as one word, with variables in its gaps."""
    return "".join(map(_piece, joined(text))) or "''"


def _piece(piece: str | Gap | Coded) -> str:
    if isinstance(piece, Coded):
        return f'"$(encoded {_text(piece.text)})"'
    return ascii_word(piece) if isinstance(piece, str) else f'"${variable(piece)}"'
