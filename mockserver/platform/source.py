"""Reads YAML and remembers in which line each value begins, so that an error can name it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mockserver.platform.errors import DeclarationError, Wrong

Path_ = tuple[str | int, ...]

LARGEST = 1 << 20
"""Bytes of a declaration; a longer file is not read."""

MOST_NODES = 100_000
"""Values in a declaration once its aliases are followed."""

_MERGE = "tag:yaml.org,2002:merge"


class Source(NamedTuple):
    """A document, and the line in which the value at each path begins."""

    name: str
    document: dict[str, Any]
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int:
        """Return the line of the value at `path`, or of the nearest value around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 0

    def error(self, wrong: Wrong) -> DeclarationError:
        """Return the error that names the file, the line and the place of what is wrong."""
        return DeclarationError(self.name, self.line(wrong.path), dotted(wrong.path), wrong.problem)


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
        raise DeclarationError(name, 0, "", f"is larger than {LARGEST} bytes, which no declaration needs")
    return parse(raw, name)


def parse(raw: bytes, name: str) -> Source:
    """Return the document in `raw`. Raises DeclarationError."""
    try:
        loader = _Loader(raw)
    except yaml.reader.ReaderError as error:
        raise DeclarationError(name, 0, "", f"is not YAML: {error.reason} at byte {error.position}") from error
    found = Source(name, {}, {})
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise DeclarationError(name, 1, "", "is not a mapping; a declaration is an OpenAPI document with x-lifecycle")
        _Lines(name, found.lines).walk(node, ())
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


class _Loader(yaml.SafeLoader):
    """Reads dates as text, as JSON does. It is in Python: the one in C has the same marks, but its errors say less."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML has it so
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _as_json(value: Any, path: Path_) -> Any:
    """Return a value as JSON has it, where every key is a text. Raises Wrong for what JSON does not have."""
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


class _Lines:
    """Walks the nodes of a document, before aliases and merges are gone."""

    def __init__(self, name: str, found: dict[Path_, int]) -> None:
        self._name, self._visits, self.found = name, 0, found

    def walk(self, node: yaml.Node, path: Path_) -> None:
        """Note the lines of a node and of all within it."""
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
