"""Reads YAML or JSON. An error can name the line of each value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from mockserver.platform.errors import DeclarationError, Wrong

Path_ = tuple[str | int, ...]

LARGEST = 1 << 24
"""The most bytes of a document; a longer file is refused."""

MOST_NODES = 500_000
"""The most values in a document after its aliases are followed."""

DEEPEST = 10_000
"""The most levels of nesting. With some more, the loader in C overflows its stack, which ends the process."""

_MERGE = "tag:yaml.org,2002:merge"


class Source(NamedTuple):
    """A document, and the line in which the value at each path begins. Those of JSON, in `raw`, are found when one is needed.

    `added` are the values that an overlay brought, with its file and the line there.
    """

    name: str
    document: dict[str, Any]
    lines: dict[Path_, int]
    raw: bytes = b""
    added: Mapping[Path_, tuple[str, int]] = MappingProxyType({})

    def line(self, path: Path_) -> int:
        """Return the line of the value at `path`, or of the nearest value around it."""
        return self._where(path)[1]

    def error(self, wrong: Wrong) -> DeclarationError:
        """Return an error with the file, the line and the place of the mistake."""
        return DeclarationError(*self._where(wrong.path), dotted(wrong.path), wrong.problem, map(self.error, wrong.others))

    def _where(self, path: Path_) -> tuple[str, int]:
        if path in self.added:
            return self.added[path]
        if self.raw and not self.lines:
            self.lines.update(parse(self.raw, self.name, is_yaml=True).lines)
        for length in range(len(path), -1, -1):
            if path[:length] in self.added:
                return self.added[path[:length]]
            if path[:length] in self.lines:
                return self.name, self.lines[path[:length]]
        return self.name, 0


def dotted(path: Iterable[str | int]) -> str:
    """Return a path as people write it: ``x-lifecycle.kinds.session.ttl``."""
    return ".".join(str(step) for step in path)


def read(path: str | Path) -> Source:
    """Read a file. Raises DeclarationError if it cannot be read, or is not a YAML mapping."""
    name = str(path)
    try:
        raw = Path(path).read_bytes()[: LARGEST + 1]
    except OSError as error:
        raise DeclarationError(name, 0, "", f"cannot be read: {error.strerror}") from error
    if len(raw) > LARGEST:
        raise DeclarationError(name, 0, "", f"is larger than {LARGEST} bytes; give a smaller document")
    return parse(raw, name)


def parse(raw: bytes, name: str, *, is_yaml: bool = False) -> Source:
    """Return the document in `raw`. JSON is read as such, unless `is_yaml`. Raises DeclarationError."""
    document = None if is_yaml else _json(raw)
    if document is not None:
        return Source(name, document, {}, raw)
    try:
        return _parse(raw, name, _Fast)
    except DeclarationError:
        return _parse(raw, name, _Loader)


def _json(raw: bytes) -> dict[str, Any] | None:
    """Return the JSON object in `raw`; None if it is something else, or has a mistake that YAML's reader words better."""
    if not raw.lstrip().startswith(b"{"):
        return None
    try:
        document = json.loads(raw, object_pairs_hook=_once, parse_constant=float)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object. Raises ValueError if two have one name."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError
    return members


def _parse(raw: bytes, name: str, loads: type[_Loader | _Fast]) -> Source:
    try:
        loader = loads(raw)
    except yaml.reader.ReaderError as error:
        raise DeclarationError(name, 0, "", f"is not YAML: {error.reason} at byte {error.position}") from error
    found = Source(name, {}, {})
    try:
        if _is_deep(raw):
            raise RecursionError
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise DeclarationError(name, 1, "", "is not a mapping; a declaration is an OpenAPI document with x-lifecycle")
        _NodeWalker(name, found.lines).walk(node, ())
        document = _as_json(loader.construct_document(node), ())
    except Wrong as wrong:
        raise found.error(wrong) from wrong
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DeclarationError(name, mark.line + 1 if mark else 0, "", f"is not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise DeclarationError(name, 0, "", f"is not YAML: {error}") from error
    except RecursionError as error:
        raise DeclarationError(name, 0, "", "is nested too deeply, or contains itself") from error
    finally:
        loader.dispose()
    return found._replace(document=document)


def _is_deep(raw: bytes) -> bool:
    """Return True if values are nested in more than DEEPEST levels. Only a document that could be so is looked through."""
    if sum(map(raw.count, (b"[", b"{", b"- ", b": ", b":\n"))) <= DEEPEST:
        return False
    depth = 0
    for event in yaml.parse(raw, Loader=_Fast):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return True
    return False


_RESOLVERS = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Loader(yaml.SafeLoader):
    """Reads dates as text, as JSON does. It is slow, and words errors well."""

    yaml_implicit_resolvers = _RESOLVERS


class _Fast(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # it depends on how PyYAML was built
    """Reads what is right."""

    yaml_implicit_resolvers = _RESOLVERS


def _as_json(value: Any, path: Path_) -> Any:
    """Return a value with JSON's types: each key becomes a text. Raises Wrong for a value that JSON does not have."""
    if isinstance(value, dict):
        return {_key(key, path): _as_json(item, (*path, str(key))) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item, (*path, number)) for number, item in enumerate(value)]
    if isinstance(value, float) and not isfinite(value):
        raise Wrong(f"{value} is not a number that JSON has; for no bound write unlimited", *path)
    if value is None or isinstance(value, str | int | float):
        return value
    raise Wrong(f"JSON has no {type(value).__name__}; write it as text, in quotes", *path)


def _key(key: Any, path: Path_) -> str:
    if isinstance(key, str) or type(key) is int:
        return str(key)
    raise Wrong(f"YAML does not read a key here as text, but as {key!r}; put it in quotes", *path)


class _NodeWalker:
    """Walks the nodes of a document, before its aliases and merges are resolved."""

    def __init__(self, name: str, found: dict[Path_, int]) -> None:
        self._name, self._visits, self.found = name, 0, found

    def walk(self, node: yaml.Node, path: Path_) -> None:
        """Record the lines of a node and of all within it."""
        self.found.setdefault(path, node.start_mark.line + 1)
        self._visits += 1
        if self._visits > MOST_NODES:
            raise DeclarationError(self._name, 0, "", f"has more than {MOST_NODES} values once its aliases are followed")
        if isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                self.walk(item, (*path, number))
        elif isinstance(node, yaml.MappingNode):
            self._walk_mapping(node, path)

    def _walk_mapping(self, node: yaml.MappingNode, path: Path_) -> None:
        own: set[str] = set()
        for key, value in node.value:
            word, line = str(key.value), key.start_mark.line + 1
            if word in own:
                raise DeclarationError(self._name, line, dotted((*path, word)), "stands here twice; keep one of them")
            own.add(word)
            if key.tag != _MERGE:
                self.found.setdefault((*path, word), line)
                self.walk(value, (*path, word))
        for merged in _merged(node):
            self.walk(merged, path)


def _merged(node: yaml.MappingNode) -> Iterator[yaml.Node]:
    """Yield the mappings whose members a mapping takes over."""
    for key, value in node.value:
        if key.tag == _MERGE:
            yield from value.value if isinstance(value, yaml.SequenceNode) else [value]
