"""Examples as answers: ``{$expression}`` in an OpenAPI example is replaced when the answer is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import msgspec

from mockserver.errors import suggestion
from mockserver.platform.errors import Wrong, shown
from mockserver.platform.model import Get, Values
from mockserver.platform.places import parse, reader

_BRACED = re.compile(r"\{(\$[^{}]+)\}")

OWN: Mapping[str, Get] = {
    "$context": attrgetter("context_id"),
    "$fresh": lambda values: values.fresh(),
    "$server": lambda values: values.server or f"{values.scheme}://{values.message.header('host') or 'localhost'}",
    "$detail": attrgetter("detail"),
    "$field": attrgetter("field"),
    "$scopes": lambda values: " ".join(values.scopes),
    "$now": lambda values: values.now // 1000,
}
"""Expressions beside places: the contextId, a new id, the server's URL, a guard's finding and its field, the granted scopes,
and the platform's time in whole seconds."""

_MARK = re.compile(rb'"\\u0000(\d+)"')
"""A text that stands for one with expressions, as JSON writes it."""

_encode = msgspec.json.Encoder().encode


def fill(example: Any, constants: Mapping[str, Any]) -> Any:
    """Return the example with the values filled in that are known at compile time. A text that is one expression gets the
    value's type."""
    if isinstance(example, dict):
        return {name: fill(item, constants) for name, item in example.items()}
    if isinstance(example, list):
        return [fill(item, constants) for item in example]
    if not isinstance(example, str):
        return example
    whole = _BRACED.fullmatch(example)
    if whole and whole[1] in constants:
        value = constants[whole[1]]
        return fill(value, {name: one for name, one in constants.items() if name != whole[1]})
    return _BRACED.sub(lambda found: str(constants.get(found[1], found[0])), example)


def put(example: Any, steps: tuple[str, ...], value: Any) -> Any:
    """Return the example with `value` at a JSON pointer's steps; missing objects on the way are created.

    Raises Wrong for a pointer that leads through a text or a number, or beyond the end of a list.
    """
    if not steps:
        return value
    if isinstance(example, list):
        if not steps[0].isdecimal() or int(steps[0]) >= len(example):
            raise Wrong(f"the example has a list there, and {steps[0]!r} is not a place in it")
        items = list(example)
        items[int(steps[0])] = put(items[int(steps[0])], steps[1:], value)
        return items
    if example is not None and not isinstance(example, dict):
        raise Wrong(f"the pointer leads to {steps[0]!r} within {example!r}, which is not an object")
    owner = dict(example) if isinstance(example, dict) else {}
    owner[steps[0]] = put(owner.get(steps[0]), steps[1:], value)
    return owner


def template(example: Any, media: str, known: Mapping[str, Get]) -> Callable[[Values], bytes]:
    """Return a function that writes the example as a body of that media type.

    `known` are the valid expressions, beside places of the request and `OWN`. Raises Wrong for any other.
    """
    if isinstance(example, str) and not media.endswith("json"):
        told = text(example, known)
        return lambda values: (told if isinstance(told, str) else told(values)).encode()
    gets: list[Get] = []
    pieces = _MARK.split(_encode(_marked(example, known, gets)))
    filled = [(2 * number + 1, gets[int(mark)]) for number, mark in enumerate(pieces[1::2])]

    def write(values: Values) -> bytes:
        written = pieces.copy()
        for place, get in filled:
            written[place] = _encode(get(values))
        return b"".join(written)

    if media == "text/x-python":
        return lambda values: repr(msgspec.json.decode(write(values))).encode()
    return write


def _marked(part: Any, known: Mapping[str, Get], gets: list[Get]) -> Any:
    """Return a part of an example with a mark for each text that has expressions, and add to `gets` what gives its value."""
    if isinstance(part, dict):
        return {name: _marked(item, known, gets) for name, item in part.items()}
    if isinstance(part, list):
        return [_marked(item, known, gets) for item in part]
    if not isinstance(part, str) or "{$" not in part:
        return part
    gets.append(_render(part, known))
    return f"\0{len(gets) - 1}"


def text(example: str, known: Mapping[str, Get]) -> str | Callable[[Values], str]:
    """Return a text, or a function that writes it if the example has expressions. Raises Wrong."""
    if "{$" not in example:
        return example
    render = _render(example, known)
    return lambda values: str(render(values))


def _render(example: str, known: Mapping[str, Get]) -> Get:
    expressions = _BRACED.findall(example)
    if len(expressions) < example.count("{$"):
        raise Wrong(f"{shown(example)}: an expression is written {{$like.this}}, and one of these has no end")
    gets = {expression: _get(expression, known) for expression in expressions}
    if _BRACED.fullmatch(example):
        return gets[example[1:-1]]
    return lambda values: _BRACED.sub(lambda found: str(gets[found[1]](values)), example)


def _get(expression: str, known: Mapping[str, Get]) -> Get:
    head = expression.partition(".")[0]
    if head == "$request" and not expression.startswith("$request.path."):
        return placed(expression)
    found = known.get(expression) or OWN.get(expression)
    if found is None:
        alike = sorted(one for one in known if one.startswith(f"{head}."))
        raise Wrong(f"{{{expression}}} means nothing here; {suggestion(expression, alike or OWN)}")
    return found


def placed(expression: str) -> Get:
    """Return what gives the value at a place of the request. Raises Wrong if it is not a place."""
    read = reader(parse(expression))
    return lambda values: read(values.message)
