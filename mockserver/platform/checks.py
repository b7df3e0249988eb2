"""Checks of a declaration that a schema cannot express.

Every name is defined, every possible cause has an answer, and every answer has a cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from mockserver.engine.model import CAUSES
from mockserver.errors import suggestion
from mockserver.platform.errors import Wrong, raise_all, wrongs
from mockserver.platform.places import Place, parse

if TYPE_CHECKING:
    from mockserver.platform.declaration import Declaration

KINDS = ("x-lifecycle", "kinds")

REFUSALS = ("missing", "unknown", "foreign", *CAUSES)
"""Reasons to refuse a credential."""

GUARDS = ("scope", "body", "grantable", "rate")
"""Guards that do not belong to a kind."""

_GUARD_ROWS = {
    **{name: (name,) for name in ("route", "method", "scope", "grantable", "rate")},
    "body": ("media", "size", "json", "body"),
}
"""The rows of `refused` that a guard needs; those of `body` are about its media type, its size, its syntax and its schema."""


def check(declaration: Declaration) -> None:
    """Check a declaration that fits its schema. Raises Wrong, with all that is wrong.

    What rests on names is checked once those are right, and what rests on places once those are.
    """
    kinds = declaration.kinds.items()
    about_names = (_check_paths, _check_variants, _check_order, _check_owners)
    found = [wrong for check in about_names for wrong in check(declaration)]
    found += [wrong for name, kind in kinds for wrong in _check_names(name, kind, declaration)]
    resting = () if found else (_check_places, _check_successor, _check_answers)
    for check in (*resting, _check_reuse, _check_causes):
        found += [wrong for name, kind in kinds for wrong in check(name, kind, declaration)]
    found += _check_rows(declaration)
    found += [wrong for name, effect in declaration.effects.items() for wrong in _check_effect(name, effect, declaration)]
    raise_all(found)
    raise_all(_check_places_differ(declaration))


def names_in(keys: str, known: Iterable[str]) -> list[str]:
    """Return the names in ``a, b``; all of `known` for ``*``."""
    return list(known) if keys == "*" else [name.strip() for name in keys.split(",")]


def _known(name: str, known: Iterable[str], what: str, *path: str | int) -> Iterator[Wrong]:
    names = list(known)
    if name not in names:
        yield Wrong(f"there is no {what} {name!r}; {suggestion(name, names)}", *path)


PARAMETER = re.compile(r"\{([^{}/]+)\}")
"""A parameter in a path."""


def _check_paths(declaration: Declaration) -> Iterator[Wrong]:
    """Check that no two paths take the same requests, and that the parameters of each are well-formed and distinct."""
    for path, declared in declaration.paths.items():
        names = PARAMETER.findall(path)
        if re.search(r"[{}]", PARAMETER.sub("", path)):
            yield Wrong("a parameter is written {name}", "paths", declared)
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            yield Wrong(f"the parameter {twice!r} stands in it twice", "paths", declared)
    taken: dict[tuple[str, str], str] = {}
    for method, path in dict.fromkeys(route for one in declaration.operations.values() for route in one["routes"]):
        other = taken.setdefault((method, PARAMETER.sub("{}", path)), path)
        if other != path:
            yield Wrong(f"the path {other} takes the same requests; write one of them", "paths", declaration.paths[path])


def _check_variants(declaration: Declaration) -> Iterator[Wrong]:
    """Check that operations on one path differ in their conditions, and that the answer of each exists."""
    taken: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for name, variant in declaration.lifecycle.get("operations", {}).items():
        place, conditions = ("x-lifecycle", "operations", name), variant.get("when", {})
        for where in conditions:
            yield from _check_side(where, "request", *place, "when", where)
            yield from _check_parameters(where, declaration.operations[name], *place, "when", where)
        for other, known in taken.setdefault(variant["of"], []):
            if known == conditions:
                yield Wrong(f"{other!r} takes the same requests; give one of them another `when`", *place)
        taken[variant["of"]].append((name, conditions))
        statuses = list(declaration.operations[name]["responses"])
        if isinstance(variant.get("answer"), int) and str(variant["answer"]) not in statuses:
            what = f"{variant['of']!r} has no response {variant['answer']}; it has {', '.join(statuses)}"
            yield Wrong(what, *place, "answer")


def _check_order(declaration: Declaration) -> Iterator[Wrong]:
    order = declaration.lifecycle["order"]
    for number, guard in enumerate(order):
        yield from _known(guard, [*declaration.kinds, *GUARDS], "guard", "x-lifecycle", "order", number)
        if guard in order[:number]:
            yield Wrong(f"the guard {guard!r} stands here twice", "x-lifecycle", "order", number)
    for name in declaration.kinds:
        if name in GUARDS:
            yield Wrong(f"{name!r} is the name of a guard; call the kind something else", *KINDS, name)


def _check_owners(declaration: Declaration) -> Iterator[Wrong]:
    kinds = declaration.kinds
    for name, kind in kinds.items():
        owner, seen = kind.get("within"), [name]
        while owner is not None:
            if owner in seen:
                if owner == name == min(seen):  # one error for a circle
                    yield Wrong(f"{' within '.join([*seen, owner])} is a circle", *KINDS, name, "within")
                break
            if len(seen) == 1:
                yield from _known(owner, kinds, "kind", *KINDS, name, "within")
            seen.append(owner)
            owner = kinds.get(owner, {}).get("within")


def _check_names(name: str, kind: dict[str, Any], declaration: Declaration) -> Iterator[Wrong]:
    for number, operation in enumerate(kind.get("ended", ())):
        yield from _known(operation, declaration.operations, "operation", *KINDS, name, "ended", number)
    for word in ("issued", "carried"):
        told = kind.get(word)
        for keys in told if isinstance(told, dict) else ():
            for operation in names_in(keys, declaration.operations):
                yield from _known(operation, declaration.operations, "operation", *KINDS, name, word, keys)
    if kind["issued"] == "implied" and not any(one.get("within") == name for one in declaration.kinds.values()):
        yield Wrong("nothing is within it, so nothing implies it; write how it is issued", *KINDS, name, "issued")
    if kind["issued"] == "implied" and "live" in kind:
        yield Wrong("what is implied cannot be limited; give `live` to a kind within it", *KINDS, name, "live")


def places_of(told: Any) -> list[Place]:
    """Return the place, or the several places, that a word gives. Raises Wrong."""
    return [parse(text) for text in (told if isinstance(told, list) else [told])]


def _readable(told: Any) -> list[Place]:
    """Return the same, and nothing for what is not a place, which `_check_side` tells."""
    with suppress(Wrong):
        return places_of(told)
    return []


def _check_places(name: str, kind: dict[str, Any], declaration: Declaration) -> Iterator[Wrong]:
    groups = [
        *((keys, told, "carried", "request") for keys, told in kind.get("carried", {}).items()),
        *((keys, told, "bound", "request") for keys, told in kind.get("bound", {}).items()),
        *((keys, told, "issued", "response") for keys, told in _issued(kind).items()),
    ]
    for keys, told, word, side in groups:
        yield from _check_side(told, side, *KINDS, name, word, keys)
    if "scopes" in kind:
        yield from _check_side(kind["scopes"], "request", *KINDS, name, "scopes")
    yield from _check_answers_places(name, kind)
    for keys, told in kind.get("carried", {}).items():
        for operation in names_in(keys, declaration.operations):
            yield from _check_parameters(told, declaration.operations[operation], *KINDS, name, "carried", keys)


def _check_answers_places(name: str, kind: dict[str, Any]) -> Iterator[Wrong]:
    """Check that an answer can be written at the places of its ids and of their lifetimes."""
    for keys, told in _issued(kind).items():
        yield from _check_written(told, *KINDS, name, "issued", keys)
        if told != kind["issued"].get("*", told):
            what = f"{told}: every answer brings one at {kind['issued']['*']}; write that place here too"
            yield Wrong(what, *KINDS, name, "issued", keys)
        if keys == "*" and any(place.part != "header" or place.lens for place in _readable(told)):
            what = f"{told}: what every answer brings stands in a header, like $response.header.Replay-Nonce"
            yield Wrong(what, *KINDS, name, "issued", keys)
    for word in ("ttl", "idle"):
        if isinstance(kind.get(word), dict) and "told" in kind[word]:
            told, place = kind[word]["told"], (*KINDS, name, word, "told")
            yield from _check_side(told, "response", *place)
            yield from _check_written(told, *place)
            if any(one.part == "cookie" for one in _readable(told)):
                yield Wrong(f"{told}: it is told in a header, or in the body at a #/pointer", *place)


def _check_parameters(told: Any, operation: dict[str, Any], *path: str | int) -> Iterator[Wrong]:
    """Check that a value read from an operation's path is one of its parameters."""
    for place in _readable(told):
        for _, route in operation["routes"]:
            known = PARAMETER.findall(route)
            if place.part == "path" and place.name not in known:
                yield Wrong(f"{place}: the path {route} has no such parameter; {suggestion(place.name, known)}", *path)


def _check_written(told: str, *path: str | int) -> Iterator[Wrong]:
    """Check that an answer can be written at a place."""
    for place in _readable(told):
        if place.part == "body" and not place.is_pointer:
            yield Wrong(f"{place}: the body of an answer takes a #/pointer", *path)


def _check_side(told: Any, side: str, *path: str | int) -> Iterator[Wrong]:
    try:
        places = places_of(told)
    except Wrong as wrong:
        yield Wrong(wrong.problem, *path)
        return
    for place in places:
        if place.side != side:
            yield Wrong(f"{place} is a place of the {place.side}; here belongs one of the {side}", *path)


def _issued(kind: dict[str, Any]) -> dict[str, Any]:
    issued = kind["issued"]
    return issued if isinstance(issued, dict) else {}


def _check_reuse(name: str, kind: dict[str, Any], declaration: Declaration) -> Iterator[Wrong]:
    if "reuse" not in kind:
        return
    ends, owner = kind["reuse"].removeprefix("end "), kind.get("within")
    if ends != owner or ends not in declaration.kinds:
        right = f"what it is within, {owner!r}" if owner else "only what it is within, and it is within nothing"
        yield Wrong(f"presenting an old one can end {right}; not {ends!r}", *KINDS, name, "reuse")


def _check_successor(name: str, kind: dict[str, Any], declaration: Declaration) -> Iterator[Wrong]:
    """Check that some operation shows one of the kind and brings the next."""
    known = declaration.operations
    shown = {one for keys in kind.get("carried", {}) for one in names_in(keys, known)}
    brings = {one for keys in _issued(kind) for one in names_in(keys, known)}
    if "successor" in kind and not shown & brings:
        problem = "no operation shows one and brings the next; name one in both `carried` and `issued`, or leave this out"
        yield Wrong(problem, *KINDS, name, "successor")


def possible(kind: dict[str, Any], kinds: dict[str, Any]) -> set[str]:
    """Return the causes for which one of this kind can be refused; `missing` is always possible too."""
    causes = {"unknown", "ended"}
    causes |= {cause for cause, word in (("idle", "idle"), ("evicted", "live"), ("spent", "uses")) if word in kind}
    causes |= {"expired"} if "ttl" in kind else set()
    successor = kind.get("successor")
    causes |= {"succeeded"} if successor is not None and successor.get("grace") != "unlimited" else set()
    causes |= {"foreign"} if "bound" in kind or kind.get("within") in kinds else set()
    return causes


def causes_told(kind: dict[str, Any]) -> dict[str, str]:
    """Return the causes that have an answer, each with the key of its row; of `x-lifecycle` the names of its rows."""
    return {cause.strip(): keys for keys in kind.get("refused", {}) for cause in keys.split(",")}


def rows_of(told: dict[str, Any], *path: str) -> dict[str, Any]:
    """Return the answers to refusals by name. Several names may share one, as in ``media, size``. Raises Wrong."""
    rows: dict[str, Any] = {}
    again = list[Wrong]()
    for keys, answer in told.get("refused", {}).items():
        for name in (key.strip() for key in keys.split(",")):
            if name in rows:
                again.append(Wrong(f"there is a row for {name!r} already; leave it out here or there", *path, "refused", keys))
            rows[name] = answer
    raise_all(again)
    return rows


def _check_causes(name: str, kind: dict[str, Any], _: Declaration) -> Iterator[Wrong]:
    """Check that no cause has two answers."""
    yield from wrongs([partial(rows_of, kind, *KINDS, name)])


def _check_answers(name: str, kind: dict[str, Any], declaration: Declaration) -> Iterator[Wrong]:
    """Check that each cause for which one can be refused has an answer, and each answer a cause."""
    if name not in declaration.lifecycle["order"]:
        if kind.get("refused") and kind.get("carried"):
            problem = f"{name!r} has answers for refusals, and is not in `order`, so it is never refused; add it there"
            yield Wrong(problem, *KINDS, name, "refused")
        return
    told, can_be = causes_told(kind), possible(kind, declaration.kinds)
    demanded = can_be - ({"foreign"} if "bound" not in kind else set()) - _unlimited(kind)
    if not kind.get("carried"):  # it is only an owner of others, and is not refused
        demanded -= set(REFUSALS)
    place = (*KINDS, name, "refused")
    for cause in sorted(demanded - told.keys()):
        yield Wrong(f"one can be {cause}, and there is no answer for that; add a row for {cause!r}", *place)
    for cause in sorted(told.keys() - can_be - {"missing"}):
        yield Wrong(f"nothing lets one become {cause}; {LACKING.format(_WORDS[cause])}", *place, told[cause])


LACKING = "it has no word {!r}, so leave the row out or add the word"


def _unlimited(kind: dict[str, Any]) -> set[str]:
    """Return the causes that only a policy can bring about, because the declaration sets no limit."""
    return {cause for cause, word in _WORDS.items() if kind.get(word) == "unlimited"}


_WORDS = {"idle": "idle", "evicted": "live", "spent": "uses", "expired": "ttl", "succeeded": "successor", "foreign": "bound"}


def _check_rows(declaration: Declaration) -> Iterator[Wrong]:
    """Check that guards have their rows, and rows their shapes."""
    rows = declaration.lifecycle["refused"]
    yield from _check_guards(declaration, rows)
    for name, operation in declaration.operations.items():
        answer = operation.get("answer")
        if isinstance(answer, str):
            yield from _known(answer, rows, "row", "x-lifecycle", "operations", name, "answer")
    answers = (one.get("answer") for one in declaration.operations.values())
    known = dict.fromkeys([*chain.from_iterable(_GUARD_ROWS.values()), *(one for one in answers if isinstance(one, str))])
    for row in rows:
        place = ("x-lifecycle", "refused", declaration.row_keys[row])
        if not (row.isascii() and row.isdecimal()):
            yield from _known(row, known, "refusal", *place)
        elif rows[row]["status"] != int(row):
            what = f"the row answers an injected {row}, so its status is {row}, not {rows[row]['status']}"
            yield Wrong(what, *place, "status")
        yield from _check_shape(rows[row], declaration, *place)
    for name, kind in declaration.kinds.items():
        for keys, row in kind.get("refused", {}).items():
            yield from _check_shape(row, declaration, *KINDS, name, "refused", keys)


def _check_guards(declaration: Declaration, rows: dict[str, Any]) -> Iterator[Wrong]:
    order = ["route", "method", *declaration.lifecycle["order"]]
    has_bodies = any("requestBody" in operation for operation in declaration.operations.values())
    for guard in order if has_bodies else [one for one in order if one != "body"]:
        missing = [row for row in _GUARD_ROWS.get(guard, ()) if row not in rows]
        if missing:
            s = "s" * (len(missing) > 1)
            named = ", ".join(map(repr, missing))
            yield Wrong(f"what {guard!r} refuses needs the row{s} {named}; add the answer{s}", "x-lifecycle", "refused")


def _check_shape(row: dict[str, Any], declaration: Declaration, *path: str) -> Iterator[Wrong]:
    shape = row.get("shape", "error")
    if shape not in declaration.shapes and (shape != "error" or "message" in row or "code" in row):
        what = f"there is no example {shape!r} under components.examples, which gives the answer its body"
        yield Wrong(f"{what}; {suggestion(shape, declaration.shapes)}" if declaration.shapes else what, *path)


def _check_places_differ(declaration: Declaration) -> Iterator[Wrong]:
    """Check that no two kinds share a place, because they could not be told apart."""
    for word in ("carried", "issued"):
        taken: dict[tuple[str, str], str] = {}
        for name, kind in declaration.kinds.items():
            told = kind.get(word)
            for keys, places in told.items() if isinstance(told, dict) else ():
                for operation in names_in(keys, declaration.operations):
                    for place in places_of(places):
                        other = taken.setdefault((operation, str(place)), name)
                        if other != name:
                            yield Wrong(f"at {place} of {operation} stands a {other} already", *KINDS, name, word, keys)


def _check_effect(name: str, effect: dict[str, Any], declaration: Declaration) -> Iterator[Wrong]:
    place = ("x-effects", name)
    yield from _known(effect["by"], declaration.operations, "operation", *place, "by")
    if effect["by"] not in declaration.operations:
        return
    for field, told in effect.get("keeps", {}).items():
        yield from _check_side(told, "request", *place, "keeps", field)
        yield from _check_parameters(told, declaration.operations[effect["by"]], *place, "keeps", field)
    for missing in sorted(effect.get("keeps", {}).keys() - effect.get("with", {}).keys()):
        yield Wrong(f"`keeps` names {missing!r}, which `with` does not give", *place, "keeps", missing)
