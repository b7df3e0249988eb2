"""Mutants of the declarations that ship: every value is changed, every word left out, and guards change places.

`python -m tests.mutants.declared` makes them all and counts where each is caught. The loader may refuse it, the web chat's own
engine may answer a history otherwise, or a wire sample may differ. `ALIKE` lists the places on which no answer depends, with
reasons. Names of platforms choose some of them.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from mockserver.platform import DeclarationError, compile_platform, find, names
from tests.mockserver.platforms import test_acme, test_jenkins, test_mcp, test_oauth
from tests.mockserver.platforms.served import DECLARED
from tests.mutants import webchat
from tests.mutants.webchat import MISSED

LISTED = "listed as alike"

SAMPLES = {
    platform: [test for name, test in vars(module).items() if name.startswith("test_")]
    for platform, module in {"acme": test_acme, "jenkins": test_jenkins, "mcp": test_mcp, "oauth": test_oauth}.items()
}
"""The samples of a platform, written by hand from its specification."""

IDS = "the mock puts an id, or its time to live, in this place of the example"
PEOPLE = "a text for people"
SCENARIO = "it fills the requests of scenarios and probes, and is no part of an answer"
FORM = "every field of a form is a text, so no form can break it"

APART = "no operation has both the guard and the next one, so their order decides nothing"

ALIKE: dict[str, dict[str, str]] = {
    "*": {
        "*.description": PEOPLE,
        "info*": PEOPLE,
        "openapi": "any 3.1 will do",
        "x-lifecycle.kinds.*.noun": PEOPLE,
        "*.sources.*.text": PEOPLE,
        "*.requestBody.content.application/json.example*": SCENARIO,
        "x-effects.*.with.*": SCENARIO,
    },
    "mcp": {
        "paths./mcp.post.requestBody": SCENARIO,
        "paths./mcp.post.requestBody.content": SCENARIO,
        "paths./mcp.post.requestBody.content.application/json": SCENARIO,
    },
    "oauth": {
        "x-lifecycle.order.1": APART,
        "x-lifecycle.order.2": APART,
    },
    "webchat": {
        "*.200.content.application/json.example.access_token": IDS,
        "*.200.content.application/json.example.expires_in": IDS,
        "*/sessions.post.responses.200.content.application/json.example*": IDS,
        "*.application/x-www-form-urlencoded.schema.$ref": FORM,
        "components.schemas.TokenRequest.*": FORM,
        "x-lifecycle.order.4": APART,
        "x-lifecycle.kinds.client.refused.missing, unknown, ended": "an unknown client gets this answer, shown or not",
        "x-lifecycle.kinds.*.duty*": "the judge of clients reads it, and no answer does",
    },
}
"""Places that no answer and no clause depends on, by platform, and why; `*` stands for anything."""


class Mutant(NamedTuple):
    """One mistake: the value at a path is left out, changed, or changes places with the next one, or a key lacks a name."""

    platform: str
    path: tuple[Any, ...]
    how: str

    @property
    def place(self) -> str:
        return ".".join(map(str, self.path))

    def __str__(self) -> str:
        return f"{self.platform}: {self.place} {self.how}"

    def made(self) -> dict[str, Any]:
        """Return the declaration with this mistake in it."""
        made = copy.deepcopy(_document(self.platform))
        *way, last = self.path
        owner: Any = _within(made, way)
        if self.how == "left out":
            del owner[last]
        elif self.how == "changed":
            owner[last] = _changed(owner[last])
        elif self.how.startswith("without "):
            rest = [name for name in last.split(", ") if name != self.how.removeprefix("without ")]
            owner[", ".join(rest)] = owner.pop(last)
        else:
            owner[last], owner[last + 1] = owner[last + 1], owner[last]
        return made


@cache
def _document(platform: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(find(platform).read_bytes())))  # without shared parts
    return document


def mutants(platform: str) -> Iterator[Mutant]:
    """Yield each mutant of a declaration."""
    document = _document(platform)
    for path in _places(document, ()):
        yield Mutant(platform, path, "left out")
        if not isinstance(_within(document, path), dict | list):
            yield Mutant(platform, path, "changed")
        several = path[-1].split(", ") if isinstance(path[-1], str) else []
        yield from (Mutant(platform, path, f"without {name}") for name in several if len(several) > 1)
    for number in range(len(document["x-lifecycle"]["order"]) - 1):
        yield Mutant(platform, ("x-lifecycle", "order", number), "and the next one swapped")


def _within(value: Any, path: Iterable[Any]) -> Any:
    for step in path:
        value = value[step]
    return value


def _places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inside:
        yield from _places(item, (*path, step))


def _changed(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value}x"


def caught_by(mutant: Mutant, folder: Path) -> str:
    """Return what catches a mutant: loader, histories, samples, LISTED or MISSED."""
    path = folder / f"{mutant.platform}.yaml"
    path.write_text(json.dumps(mutant.made()))
    try:
        compile_platform(path)
    except DeclarationError:
        return "loader"
    caught = webchat.caught_by(path) if mutant.platform == "webchat" else _caught_by_samples(mutant.platform, path)
    return LISTED if caught == MISSED and why_alike(mutant) else caught


def _caught_by_samples(platform: str, path: Path) -> str:
    DECLARED[platform] = path
    try:
        for test in SAMPLES[platform]:
            test()
    except (Exception, pytest.fail.Exception):
        return "samples"
    finally:
        del DECLARED[platform]
    return MISSED


def why_alike(mutant: Mutant) -> str:
    """Return the reason why nothing depends on the place of a mutant, "" if something does."""
    patterns = {**ALIKE["*"], **ALIKE.get(mutant.platform, {})}
    return next((why for pattern, why in patterns.items() if fnmatchcase(mutant.place, pattern)), "")


def hunted(platform: str) -> Counter[str]:
    """Make all mutants of a platform, print those that are missed, and return how many were caught by what."""
    count: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for mutant in mutants(platform):
            catcher = caught_by(mutant, Path(folder))
            count[catcher] += 1
            if catcher == MISSED:
                print(f"MISSED  {mutant}", flush=True)
    print(f"{platform}: {', '.join(f'{catcher}: {times}' for catcher, times in count.most_common())}", flush=True)
    return count


if __name__ == "__main__":
    sys.exit(int(any(hunted(platform)[MISSED] for platform in sys.argv[1:] or names())))
