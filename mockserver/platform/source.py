"""Reads YAML and remembers in which line each value begins, so that an error can name it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import yaml

from mockserver.platform.errors import DeclarationError

Path_ = tuple[str | int, ...]

LARGEST = 1 << 20
"""Bytes of a declaration; a longer file is not read."""

MOST_NODES = 100_000
"""Values in a declaration once its aliases are followed."""


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
    loader = yaml.SafeLoader(raw)  # the pure one: the other one's marks are the same, but its errors say less
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise DeclarationError(name, 1, "", "is not a mapping; a declaration is an OpenAPI document with x-lifecycle")
        lines = _Lines(name)
        lines.walk(node, ())
        document = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DeclarationError(name, mark.line + 1 if mark else 0, "", f"is not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise DeclarationError(name, 0, "", f"is not YAML: {error}") from error
    except RecursionError as error:
        raise DeclarationError(name, 0, "", "is nested too deeply, or contains itself") from error
    finally:
        loader.dispose()
    return Source(name, document, lines.found)


class _Lines:
    """Walks the nodes of a document, before aliases and merges are gone."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.found: dict[Path_, int] = {}

    def walk(self, node: yaml.Node, path: Path_) -> None:
        """Note the lines of a node and of all within it."""
        self.found.setdefault(path, node.start_mark.line + 1)
        if len(self.found) > MOST_NODES:
            raise DeclarationError(self._name, 0, "", f"has more than {MOST_NODES} values")
        if isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                self.walk(item, (*path, number))
        elif isinstance(node, yaml.MappingNode):
            self._walk_mapping(node, path)

    def _walk_mapping(self, node: yaml.MappingNode, path: Path_) -> None:
        own: set[str | int] = set()
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            word = _word(key)
            if word in own:
                raise DeclarationError(
                    self._name, key.start_mark.line + 1, _dotted((*path, word)), "stands here twice; keep one of them"
                )
            own.add(word)
            self.walk(value, (*path, word))
            self.found[(*path, word)] = key.start_mark.line + 1
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge" and isinstance(value, yaml.MappingNode):
                self.walk(value, path)


def _word(key: yaml.Node) -> str | int:
    value = key.value
    if key.tag == "tag:yaml.org,2002:int" and str(value).isdecimal():
        return int(value)
    return str(value)


def _dotted(path: Path_) -> str:
    return ".".join(map(str, path))
