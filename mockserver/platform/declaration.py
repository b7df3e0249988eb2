"""From a file to a declaration that holds together, or an error that says what is wrong, in which line, and what is right."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from mockserver.platform.checks import check
from mockserver.platform.errors import DeclarationError, Wrong, suggestion
from mockserver.platform.source import Source, read

LIFECYCLE, EFFECTS = "x-lifecycle", "x-effects"
METHODS = ("get", "put", "post", "delete", "head", "patch", "options")


class Declaration(NamedTuple):
    """A declaration, its references resolved.

    `operations` has each operation by name: its OpenAPI object with `routes`, and `when` and `answer` if it is one of several
    that share a path. `lifecycle` and `effects` are the two extensions, `shapes` the examples of error answers.
    """

    source: str
    title: str
    operations: dict[str, dict[str, Any]]
    lifecycle: dict[str, Any]
    effects: dict[str, dict[str, Any]]
    shapes: dict[str, Any]

    @property
    def kinds(self) -> dict[str, dict[str, Any]]:
        """What is declared of each kind of credential."""
        kinds: dict[str, dict[str, Any]] = self.lifecycle["kinds"]
        return kinds


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of `x-lifecycle` and `x-effects`, by the extension's name under `properties`."""
    loaded: dict[str, Any] = json.loads(resources.files("mockserver.platform").joinpath("x-lifecycle.schema.json").read_bytes())
    return loaded


def load(path: str | Path, policy: Mapping[str, Any] | None = None) -> Declaration:
    """Load and check a declaration; `policy` sets words of kinds, as ``{"session.ttl": 60}``. Raises DeclarationError."""
    source = read(path)
    try:
        return _declaration(source, policy or {})
    except Wrong as wrong:
        raise DeclarationError(source.name, source.line(wrong.path), dotted(wrong.path), wrong.problem) from wrong


def dotted(path: Iterable[str | int]) -> str:
    """Return a path as people write it: ``x-lifecycle.kinds.session.ttl``."""
    return ".".join(str(step) for step in path)


def _declaration(source: Source, policy: Mapping[str, Any]) -> Declaration:
    document = source.document
    version = str(document.get("openapi", ""))
    if not version.startswith("3.1"):
        raise Wrong("a declaration is an OpenAPI 3.1 document; write openapi: 3.1.1", "openapi")
    for needed in ("paths", LIFECYCLE):
        if not isinstance(document.get(needed), dict):
            raise Wrong(f"there is no {needed} in it, which says what its {_FOR[needed]}")
    _set_policy(document[LIFECYCLE], policy)
    _check_words(document)
    resolved = _resolve(document, document, ())
    declaration = Declaration(
        source.name,
        str(document.get("info", {}).get("title", source.name)),
        _operations(resolved),
        resolved[LIFECYCLE],
        resolved.get(EFFECTS, {}),
        {name: example.get("value") for name, example in resolved.get("components", {}).get("examples", {}).items()},
    )
    check(declaration)
    return declaration


_FOR = {"paths": "operations are", LIFECYCLE: "short-lived ids do"}


def _set_policy(lifecycle: dict[str, Any], policy: Mapping[str, Any]) -> None:
    kinds = lifecycle.get("kinds", {})
    for name, value in policy.items():
        kind, _, word = name.partition(".")
        if kind not in kinds:
            raise Wrong(f"the policy speaks of {name!r}, and there is no kind {kind!r}; {suggestion(kind, kinds)}")
        if word not in POLICY_WORDS:
            raise Wrong(f"the policy speaks of {name!r}; of a kind it can set {', '.join(POLICY_WORDS)}")
        declared = kinds[kind].get(word)
        kinds[kind][word] = {**declared, "seconds": value} if isinstance(declared, dict) and word in {"ttl", "idle"} else value


POLICY_WORDS = ("ttl", "idle", "uses", "live", "rate", "successor")
"""Words of a kind that a policy may set."""


def _check_words(document: dict[str, Any]) -> None:
    parts = {name: document[name] for name in (LIFECYCLE, EFFECTS) if name in document}
    error = best_match(Draft202012Validator(schema()).iter_errors(parts), key=_depth)
    if error is not None:
        raise Wrong(_worded(error), *error.absolute_path)


def _depth(error: ValidationError) -> tuple[int, bool]:
    """Prefer the error that is deepest: of several alternatives that is the one that was meant."""
    return (-len(error.path), error.validator not in {"anyOf", "oneOf"})


def _worded(error: ValidationError) -> str:
    instance, keyword = error.instance, error.validator
    if keyword == "additionalProperties" and isinstance(instance, dict) and isinstance(error.schema, dict):
        known = list(error.schema.get("properties", ()))
        wrong = next(name for name in instance if name not in known)
        return f"there is no word {wrong!r} here; {suggestion(wrong, known)}"
    if keyword == "pattern" and "propertyNames" in error.absolute_schema_path:
        return f"{instance!r} cannot stand here: {_meant(error)}"
    if keyword == "enum" and isinstance(error.schema, dict):
        return f"{instance!r} is not one of {', '.join(map(str, error.schema['enum']))}"
    if keyword == "required" and isinstance(error.schema, dict) and isinstance(instance, dict):
        missing = [name for name in error.schema["required"] if name not in instance]
        return f"the word {missing[0]!r} is missing"
    return _meant(error) or error.message


def _meant(error: ValidationError) -> str:
    """What the schema says of the place in words, which is better to read than its conditions."""
    described = error.schema.get("description") if isinstance(error.schema, dict) else None
    return f"{error.instance!r} is not right: it must be {described}" if described else ""


def _resolve(part: Any, document: dict[str, Any], trail: tuple[str, ...]) -> Any:
    if isinstance(part, list):
        return [_resolve(item, document, trail) for item in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("$ref")
    if not isinstance(reference, str):
        return {name: _resolve(item, document, trail) for name, item in part.items()}
    if reference in trail:
        raise Wrong(f"{reference!r} refers to itself, by way of {' and '.join(trail)}")
    return _resolve(_referred(reference, document), document, (*trail, reference))


def _referred(reference: str, document: dict[str, Any]) -> Any:
    if not reference.startswith("#/"):
        raise Wrong(f"{reference!r} leads out of the file; a declaration is one file")
    found: Any = document
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or name not in found:
            raise Wrong(f"{reference!r} leads nowhere: there is no {name!r}")
        found = found[name]
    return found


def _operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return every operation by name: those of the paths, and those that `operations` tells apart."""
    found: dict[str, dict[str, Any]] = {}
    for path, item in document["paths"].items():
        if not isinstance(item, dict):
            raise Wrong("a path has an object with its methods", "paths", path)
        for method in METHODS:
            if method in item:
                _add_operation(found, item[method], method.upper(), path)
    return _told_apart(found, document[LIFECYCLE].get("operations", {}))


def _told_apart(found: dict[str, dict[str, Any]], variants: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the operations with those that `variants` tells apart in the place of the one they have in common."""
    for name, variant in variants.items():
        if variant["of"] not in found:
            place = (LIFECYCLE, "operations", name, "of")
            raise Wrong(f"there is no operation {variant['of']!r}; {suggestion(variant['of'], found)}", *place)
        if name in found:
            raise Wrong("a path's operation has this name already; take another", LIFECYCLE, "operations", name)
    told = {name: {**found[variant["of"]], **variant, "name": name} for name, variant in variants.items()}
    for variant in variants.values():
        found.pop(variant["of"], None)
    return found | told


def _add_operation(found: dict[str, dict[str, Any]], operation: Any, method: str, path: str) -> None:
    place = ("paths", path, method.lower())
    if not isinstance(operation, dict) or not isinstance(operation.get("operationId"), str):
        raise Wrong("an operation needs an operationId, by which x-lifecycle speaks of it", *place)
    name = operation["operationId"]
    known = found.setdefault(name, {**operation, "name": name, "routes": []})
    if known["routes"] and {**operation} != {word: known[word] for word in operation}:
        raise Wrong(f"another operation is called {name!r}; two may share a name only if they are the same", *place)
    known["routes"].append((method, path))
