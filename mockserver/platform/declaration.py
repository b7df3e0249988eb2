"""Loads and checks a declaration. An error names the line, the mistake and the correction."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from mockserver.errors import suggestion
from mockserver.platform.checks import causes_told, check, rows_of
from mockserver.platform.errors import Wrong
from mockserver.platform.overlay import read
from mockserver.platform.references import resolved
from mockserver.platform.source import Source
from mockserver.platform.words import check_words

LIFECYCLE, EFFECTS = "x-lifecycle", "x-effects"
METHODS = ("get", "put", "post", "delete", "head", "patch", "options")


class Declaration(NamedTuple):
    """A declaration with its references resolved.

    `operations` are its operations by name. Each is an OpenAPI object with `routes` and its `place` in the document, and with
    `when` and `answer` if several share a path. `lifecycle` and `effects` are the extensions, `shapes`
    the examples of error answers, `schemas` those under components. Routes begin with the base path of a server; `paths` has
    the path in the document for each. `row_keys` has the key in the document for each row of `refused`. `digest` tells two
    declarations apart that answer differently; no policy changes it.
    """

    source: Source
    title: str
    operations: dict[str, dict[str, Any]]
    lifecycle: dict[str, Any]
    effects: dict[str, dict[str, Any]]
    shapes: dict[str, Any]
    schemas: dict[str, Any]
    paths: dict[str, str]
    row_keys: dict[str, str]
    digest: str

    @property
    def kinds(self) -> dict[str, dict[str, Any]]:
        """The declared kinds of credential, by name."""
        kinds: dict[str, dict[str, Any]] = self.lifecycle["kinds"]
        return kinds


def load(path: str | Path, policy: Mapping[str, Any] | None = None, *, checked: bool = True) -> Declaration:
    """Load and check a declaration; `policy` sets words of kinds, as ``{"session.ttl": 60}``. Raises DeclarationError.

    If not `checked`, its words are taken to be right.
    """
    return declared(read(path), policy, checked=checked)


def declared(source: Source, policy: Mapping[str, Any] | None = None, *, checked: bool = True) -> Declaration:
    """Return the declaration that a file contains; see `load`. Raises DeclarationError."""
    try:
        return _declaration(source, policy or {}, check_words if checked else lambda *_: None)
    except Wrong as wrong:
        raise source.error(wrong) from wrong
    except RecursionError as error:
        raise source.error(Wrong("is nested too deeply")) from error


def _declaration(source: Source, policy: Mapping[str, Any], see_words: Callable[[dict[str, Any], str], None]) -> Declaration:
    document = source.document
    version = str(document.get("openapi", ""))
    if not version.startswith(("3.0", "3.1")):
        raise Wrong("a declaration is an OpenAPI 3.1 or 3.0 document; write openapi: 3.1.1", "openapi")
    _check_parts(document)
    see_words({name: document[name] for name in (LIFECYCLE, EFFECTS) if name in document}, "x-lifecycle")
    digest = _digest(document)
    if policy:
        _set_policy(document[LIFECYCLE], policy)
        see_words({LIFECYCLE: document[LIFECYCLE]}, "x-lifecycle")
    whole = resolved(document)
    see_words(whole, "openapi")
    components, paths = whole.get("components", {}), dict[str, str]()
    declaration = Declaration(
        source,
        whole.get("info", {}).get("title", source.name),
        _operations(whole, paths),
        {**whole[LIFECYCLE], "refused": rows_of(whole[LIFECYCLE], LIFECYCLE)},
        whole.get(EFFECTS, {}),
        {name: example.get("value") for name, example in components.get("examples", {}).items()},
        components.get("schemas", {}),
        paths,
        causes_told(whole[LIFECYCLE]),
        digest,
    )
    check(declaration)
    return declaration


def _digest(document: Mapping[str, Any]) -> str:
    deciding = {name: _bare(document.get(name)) for name in ("paths", "servers", "components", "security", LIFECYCLE)}
    return sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:16]


def _bare(value: Any, of: str = "") -> Any:
    """Return the value of a word without its words for people, which change no answer. Data and names are left as they are."""
    if of in _DATA or (of == "examples" and isinstance(value, list)):
        return value
    if isinstance(value, dict):
        are_names = of in _NAMES
        told = {name: one for name, one in value.items() if are_names or name not in _FOR_PEOPLE}
        return {name: _bare(one, "" if are_names else name) for name, one in told.items()}
    return [_bare(one) for one in value] if isinstance(value, list) else value


_FOR_PEOPLE = frozenset({"summary", "description", "noun", "why", "advice", "duty"})
_DATA = frozenset({"example", "value", "default", "const", "enum"})
_NAMES = frozenset(
    {"properties", "patternProperties", "$defs", "schemas", "examples", "headers"}
    | {"kinds", "operations", "issued", "carried", "ended", "scopes"}
)
"""The words whose members have names that the declaration chooses."""


def _check_parts(document: dict[str, Any]) -> None:
    """Check that the required parts exist, and that no extension is a misspelt one of them."""
    for needed in ("paths", LIFECYCLE):
        if needed not in document:
            near = get_close_matches(needed, document, 1, 0.75)
            hint = f"; did you mean {needed!r} where {near[0]!r} stands?" if near else ""
            raise Wrong(f"there is no {needed} in it, which says what its {_FOR[needed]}{hint}", *near)
    for word in document:
        near = get_close_matches(word, (LIFECYCLE, EFFECTS), 1, 0.75)
        if word.startswith("x-") and near and word not in {LIFECYCLE, EFFECTS}:
            raise Wrong(f"there is no word {word!r} here; did you mean {near[0]!r}?", word)


_FOR = {"paths": "operations are", LIFECYCLE: "short-lived ids do"}


def _set_policy(lifecycle: dict[str, Any], policy: Mapping[str, Any]) -> None:
    kinds = lifecycle["kinds"]
    for name, value in policy.items():
        kind, _, word = name.partition(".")
        if kind not in kinds:
            raise Wrong(f"the policy sets {name!r}, but there is no kind {kind!r}; {suggestion(kind, kinds)}")
        if word not in POLICY_WORDS:
            raise Wrong(f"the policy cannot set {name!r}; of a kind it can set {', '.join(POLICY_WORDS)}")
        declared = kinds[kind].get(word)
        if word == "successor":
            kinds[kind][word] = {"grace": value}
        else:
            kinds[kind][word] = {**declared, "seconds": value} if isinstance(declared, dict) else value


POLICY_WORDS = ("ttl", "idle", "uses", "live", "rate", "successor")
"""Words of a kind that a policy may set."""


def _operations(document: dict[str, Any], paths: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return every operation by name: those of the paths, and those that `operations` distinguishes. Fill in `paths`."""
    found: dict[str, dict[str, Any]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            for base in base_paths(item[method], item, document) if method in item else ():
                paths[base + path] = path
                _add_operation(found, item[method], (method.upper(), base + path), ("paths", path, method))
    return _told_apart(found, document[LIFECYCLE].get("operations", {}))


def _told_apart(found: dict[str, dict[str, Any]], variants: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the operations, with each shared one replaced by its `variants`."""
    for name, variant in variants.items():
        if variant["of"] not in found:
            place = (LIFECYCLE, "operations", name, "of")
            raise Wrong(f"there is no operation {variant['of']!r}; {suggestion(variant['of'], found)}", *place)
        if name in found:
            raise Wrong("a path's operation has this name already; take another", LIFECYCLE, "operations", name)
    told = {
        name: {**found[variant["of"]], **variant, "name": name, "place": (LIFECYCLE, "operations", name)}
        for name, variant in variants.items()
    }
    for variant in variants.values():
        found.pop(variant["of"], None)
    return found | told


def base_paths(*parts: Mapping[str, Any]) -> list[str]:
    """Return the paths of the URLs in `servers`, of the first part that has any. Variables in them have their defaults."""
    servers = next((part["servers"] for part in parts if part.get("servers")), None) or [{"url": ""}]
    return list(dict.fromkeys(_base_path(server) for server in servers))


def _base_path(server: Mapping[str, Any]) -> str:
    url = str(server.get("url", ""))
    for name, variable in server.get("variables", {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    path = re.sub(r"^(\w+:)?//[^/]*", "", url).partition("?")[0].strip("/")
    return f"/{path}" if path else ""


def _add_operation(
    found: dict[str, dict[str, Any]], operation: dict[str, Any], route: tuple[str, str], place: tuple[str, ...]
) -> None:
    name = operation["operationId"]
    known = found.setdefault(name, {**operation, "name": name, "routes": [], "place": place})
    if known["routes"] and operation != {word: known[word] for word in known if word not in {"name", "routes", "place"}}:
        raise Wrong(f"another operation is called {name!r}; two may share a name only if they are the same", *place)
    known["routes"].append(route)
