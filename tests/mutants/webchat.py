"""Mutants of the declared web chat: every value is changed, every word left out, and guards change places.

`python -m tests.mutants.webchat` makes them all, and counts who catches them: the loader, which refuses one; the histories, in
which the web chat's own engine answers otherwise; or the wire samples. `ALIKE` has what no answer depends on, and why.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mockserver.platform import DeclarationError, find
from tests.fixtures.wire import samples
from tests.mockserver.declared.pair import POLICIES, Pair
from tests.mockserver.declared.scene import DEFAULT, Declarations, expected, played

REQUESTS = 800
"""Requests of a history under each policy."""

MISSED = "nobody"

IDS = "the mock puts an id, or its time to live, in this place of the example"
SCENARIO = "it fills the requests of scenarios, and is no part of an answer"
FORM = "every field of a form is a text, so no form can break it"
NOUN = "a word for reports"

ALIKE: dict[str, str] = {
    "*.description": "a text for people",
    "info*": "a text for people",
    "openapi": "any 3.1 will do",
    "*.200.content.application/json.example.access_token": IDS,
    "*.200.content.application/json.example.expires_in": IDS,
    "*/sessions.post.responses.200.content.application/json.example*": IDS,
    "*.requestBody.content.application/json.example*": SCENARIO,
    "*.application/x-www-form-urlencoded.schema.$ref": FORM,
    "components.schemas.TokenRequest.*": FORM,
    "x-lifecycle.order.4": "no operation has both the guard and the next one, so their order decides nothing",
    "x-lifecycle.kinds.*.noun": NOUN,
    "x-lifecycle.kinds.*.duty*": "the judge of clients reads it, and no answer does",
}
"""Places that no answer depends on, and why; `*` stands for anything."""


class Mutant(NamedTuple):
    """One mistake: the value at a path is left out, changed, or changes places with the next one."""

    path: tuple[Any, ...]
    how: str

    @property
    def place(self) -> str:
        return ".".join(map(str, self.path))

    def __str__(self) -> str:
        return f"{self.place} {self.how}"

    def made(self) -> dict[str, Any]:
        """Return the declaration with this mistake in it."""
        made = copy.deepcopy(_document())
        *way, last = self.path
        owner: Any = made
        for step in way:
            owner = owner[step]
        if self.how == "left out":
            del owner[last]
        elif self.how == "changed":
            owner[last] = _changed(owner[last])
        else:
            owner[last], owner[last + 1] = owner[last + 1], owner[last]
        return made


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(find("webchat").read_bytes())
    return document


def mutants() -> Iterator[Mutant]:
    """Yield each mutant of the declared web chat."""
    for path in _places(_document(), ()):
        value: Any = _document()
        for step in path:
            value = value[step]
        yield Mutant(path, "left out")
        if not isinstance(value, dict | list):
            yield Mutant(path, "changed")
    for number in range(len(_document()["x-lifecycle"]["order"]) - 1):
        yield Mutant(("x-lifecycle", "order", number), "and the next one swapped")


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
    """Return who catches a mutant: loader, histories, samples, or nobody."""
    declarations = Declarations(json.dumps(mutant.made()), folder)
    try:
        declarations.of(DEFAULT)
    except DeclarationError:
        return "loader"
    if _differs(declarations, 0):
        return "histories"
    if _is_sampled(declarations):
        return "samples"
    return "histories" if any(_differs(declarations, number) for number in range(1, len(POLICIES))) else MISSED


def _differs(declarations: Declarations, number: int) -> bool:
    policy = POLICIES[number]
    try:
        platform = declarations.under(policy)
    except DeclarationError:
        return True
    with Pair(number, platform, policy) as pair:
        return any(_fails(pair) for _ in range(REQUESTS))


def _fails(pair: Pair) -> bool:
    try:
        return pair.step().differs
    except Exception:  # an answer that cannot even be read differs
        return True


def _is_sampled(declarations: Declarations) -> bool:
    return any(_is_other(declarations, sample) for sample in samples())


def _is_other(declarations: Declarations, sample: Any) -> bool:
    try:
        return played(declarations, sample) != expected(sample)
    except Exception:  # nor does it fit a sample
        return True


def why_alike(place: str) -> str:
    """Return why no answer depends on a place, "" if one does."""
    return next((why for pattern, why in ALIKE.items() if fnmatchcase(place, pattern)), "")


def main() -> int:
    """Make all mutants; the exit status is 1 if one is caught by nobody."""
    count: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for mutant in mutants():
            catcher = caught_by(mutant, Path(folder))
            if catcher == MISSED and why_alike(mutant.place):
                catcher = "listed as alike"
            count[catcher] += 1
            if catcher == MISSED:
                print(f"MISSED  {mutant}", flush=True)
    print(", ".join(f"{catcher}: {times}" for catcher, times in count.most_common()))
    return int(bool(count[MISSED]))


if __name__ == "__main__":
    sys.exit(main())
