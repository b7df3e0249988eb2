"""Examples as answers: ``{$expression}`` in an OpenAPI example is replaced when the answer is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

import msgspec

from mockserver.platform.errors import Wrong, shown, suggestion
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
    render = _render(example, known)
    if isinstance(example, str) and not media.endswith("json"):
        return lambda values: str(render(values)).encode()
    if media == "text/x-python":
        return lambda values: repr(render(values)).encode()
    pieces = _joined(_pieces(example, known))
    fixed = [one if isinstance(one, bytes) else b"" for one in pieces]
    filled = [(number, one) for number, one in enumerate(pieces) if not isinstance(one, bytes)]

    def write(values: Values) -> bytes:
        written = fixed.copy()
        for number, get in filled:
            written[number] = _encode(get(values))
        return b"".join(written)

    return write


def _pieces(example: Any, known: Mapping[str, Get]) -> Iterator[bytes | Get]:
    """Yield the JSON of an example in pieces: what is always the same, and what gives the value of an expression."""
    if isinstance(example, dict) and example:
        for number, (name, item) in enumerate(example.items()):
            yield (b"," if number else b"{") + _encode({name: 0})[1:-2]
            yield from _pieces(item, known)
        yield b"}"
    elif isinstance(example, list) and example:
        for number, item in enumerate(example):
            yield b"," if number else b"["
            yield from _pieces(item, known)
        yield b"]"
    else:
        yield _render(example, known) if isinstance(example, str) and "{$" in example else _encode(example)


def _joined(pieces: Iterable[bytes | Get]) -> list[bytes | Get]:
    """Return the pieces with those joined that are always the same."""
    joined: list[bytes | Get] = []
    for piece in pieces:
        if joined and isinstance(piece, bytes) and isinstance(joined[-1], bytes):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def text(example: str, known: Mapping[str, Get]) -> str | Callable[[Values], str]:
    """Return a header's value, or a function that writes it if the example has expressions. Raises Wrong."""
    render = _render(example, known)
    return (lambda values: str(render(values))) if "{$" in example else example


def _render(example: Any, known: Mapping[str, Get]) -> Get:
    if isinstance(example, dict):
        members = [(name, _render(item, known)) for name, item in example.items()]
        return lambda values: {name: render(values) for name, render in members}
    if isinstance(example, list):
        items = [_render(item, known) for item in example]
        return lambda values: [render(values) for render in items]
    if not isinstance(example, str) or "{$" not in example:
        return lambda _: example
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
