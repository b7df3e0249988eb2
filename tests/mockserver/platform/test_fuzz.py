"""However a declaration is damaged, it is compiled or it is refused with a DeclarationError: nothing else comes out."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver.platform import DeclarationError, compile_platform, find, names

DAMAGES = 40

VALUES: list[Any] = [
    *(None, True, 0, -1, 1.5, "", "x", "*", 10**30, "unlimited", "200", [], {}, ["x"], {"x": 1}, [[]], {"1": 2}),
    *("$request.header.X", "$response.body#/a", "$request.path.q#x", "{$nonsense}", "{$", "/{a}/{a}", "(", "a\nb"),
    *({"$ref": "#/nowhere"}, {"$ref": 7}, {"$ref": "#/paths"}, {"$ref": "#/x-lifecycle"}),
]
KEYS = ["", "x", "$ref", "200", "default", "a, b", "*", "x-y", "status", "~", "/{a}/{a}"]

Steps = tuple[str | int, ...]


def places(value: Any, path: Steps = ()) -> Iterator[Steps]:
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list):
        for number in range(len(value)):
            yield from places(value[number], (*path, number))


def damage(document: dict[str, Any], draw: random.Random) -> tuple[str, dict[str, Any]]:
    """Return what was done, and the document with one node deleted, changed, renamed or added."""
    document = copy.deepcopy(document)
    *way, last = draw.choice(list(places(document)))
    owner: Any = document
    for step in way:
        owner = owner[step]
    how = draw.choice(["delete", "change", "rename", "add"])
    if how == "rename" and isinstance(owner, dict):
        owner[draw.choice([f"{last}x", *KEYS])] = owner.pop(last)
    elif how == "add" and isinstance(owner[last], dict):
        owner[last][draw.choice(KEYS)] = draw.choice(VALUES)
    elif how == "delete":
        del owner[last]
    else:
        owner[last] = draw.choice(VALUES)
    return f"{how} {'.'.join(map(str, [*way, last]))}", document


@pytest.mark.parametrize("name", names())
def test_a_damaged_declaration_is_refused_or_compiled(name: str, tmp_path: Path) -> None:
    document, draw = yaml.safe_load(find(name).read_bytes()), random.Random(name)
    path, compiled = tmp_path / "damaged.yaml", 0
    for _ in range(DAMAGES):
        what, damaged = damage(document, draw)
        path.write_text(json.dumps(damaged))
        outcome = compiles(path)
        assert outcome is None or (isinstance(outcome, DeclarationError) and outcome.line == 1 and outcome.problem), what
        compiled += outcome is None
    assert 0 < compiled < DAMAGES


def compiles(path: Path) -> Exception | None:
    try:
        compile_platform(path)
    except Exception as error:
        return error
    return None
