"""Reads a document, and applies it if it is an OpenAPI Overlay 1.0: actions on the document that it extends.

Two things are stricter than in the specification. `extends` has to be there, and to name a file. An update whose target selects
nothing is an error, because it was meant to change something.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from mockserver.errors import suggestion
from mockserver.platform.errors import Wrong
from mockserver.platform.message import dig
from mockserver.platform.source import MOST_NODES, Path_, Source
from mockserver.platform.source import read as read_file
from mockserver.platform.words import check_words

VERSION = "1.0.0"
"""The version of the Overlay Specification."""


def read(path: str | Path) -> Source:
    """Read a file; an overlay is applied to the document that it extends. Raises DeclarationError."""
    source = read_file(path)
    if "overlay" not in source.document:
        return source
    try:
        check_words(source.document, "overlay")
        extended = str(source.document["extends"])
        if "://" in extended:
            raise Wrong(f"{extended!r} is not a file; download the document, and name it here", "extends")
        file = Path(path).parent / extended
        if not os.path.isfile(file):
            beside = [one.name for one in file.parent.glob("*.*")] if file.parent.is_dir() else []
            raise Wrong(f"there is no file {extended!r}; {suggestion(file.name, beside)}", "extends")
        base = read_file(file)
        if "overlay" in base.document:
            raise Wrong(f"{extended!r} is an overlay too; name the OpenAPI document", "extends")
        return _Applied(source, base).source()
    except Wrong as wrong:
        raise source.error(wrong) from wrong


class _Applied:
    """An overlay at work on a document."""

    def __init__(self, overlay: Source, base: Source) -> None:
        self._overlay, self._base = overlay, base
        self._added: dict[Path_, tuple[str, int]] = {(): (overlay.name, overlay.line(("actions",)))}

    def source(self) -> Source:
        """Apply all actions in order, and return the changed document."""
        for number, action in enumerate(self._overlay.document["actions"]):
            place: Path_ = ("actions", number)
            found = self._selected(action["target"], removes=bool(action.get("remove")), place=(*place, "target"))
            if action.get("remove"):
                for path in sorted(found, key=_last_first, reverse=True):
                    self._remove(path, (*place, "target"))
                continue
            for path in found:
                self._update(path, action.get("update"), (*place, "update"))
        return self._base._replace(added=self._added)

    def _selected(self, target: str, *, removes: bool, place: Path_) -> list[Path_]:
        """Return the paths of what a target selects."""
        from jsonpath import JSONPathEnvironment
        from jsonpath.exceptions import JSONPathError

        try:
            query = JSONPathEnvironment(strict=True).compile(target)
            found = [match.parts for match in query.finditer(self._base.document)]
        except (JSONPathError, RecursionError) as error:
            raise Wrong(f"{target!r} is not a JSONPath: {str(error).splitlines()[0]}", *place) from error
        if not found and not removes:
            raise Wrong(f"{target} selects nothing{self._hint(query)}", *place)
        return found

    def _hint(self, query: Any) -> str:
        """Say which step of a query leads nowhere, and what is there instead."""
        owners: list[Any] = [self._base.document]
        for number, segment in enumerate(query.segments, 1):
            beginning = type(query)(env=query.env, segments=query.segments[:number])
            found = [match.obj for match in beginning.finditer(self._base.document)]
            names = [selector.name for selector in segment.selectors if hasattr(selector, "name")]
            if not found and names:
                known = {name for owner in owners if isinstance(owner, dict) for name in owner}
                return f": there is no {names[0]!r}; {suggestion(names[0], sorted(known))}"
            owners = found
        return ""

    def _remove(self, path: Path_, place: Path_) -> None:
        if not path:
            raise Wrong("the whole document cannot be removed", *place)
        owner = dig(self._base.document, map(str, path[:-1]))
        if isinstance(owner, list | dict):  # an earlier removal may have taken it away
            del owner[path[-1]]  # type: ignore[arg-type] # the query found it there

    def _update(self, path: Path_, update: Any, place: Path_) -> None:
        target = dig(self._base.document, map(str, path))
        if isinstance(target, list):
            self._note((*path, len(target)), place, update)
            target.append(deepcopy(update))
        elif isinstance(target, dict) and isinstance(update, dict):
            self._merge(target, update, path, place)
        else:
            what = "the target is an object, so `update` has to be one too"
            raise Wrong(what if isinstance(target, dict) else "the target is neither an object nor a list", *place)

    def _merge(self, target: dict[str, Any], update: dict[str, Any], path: Path_, place: Path_) -> None:
        for name, value in update.items():
            known = target.get(name)
            if isinstance(known, dict) and isinstance(value, dict):
                self._merge(known, value, (*path, name), (*place, name))
            elif isinstance(known, list) and isinstance(value, list):
                for number, item in enumerate(value):
                    self._note((*path, name, len(known) + number), (*place, name, number), item)
                known += deepcopy(value)
            elif isinstance(known, list | dict) or (isinstance(value, list | dict) and name in target):
                raise Wrong("is of another type than what it is merged with; remove that first", *place, name)
            else:
                self._note((*path, name), (*place, name), value)
                target[name] = deepcopy(value)

    def _note(self, path: Path_, place: Path_, value: Any) -> None:
        """Note the line of a value, and of all within it."""
        for inner in _paths(value):
            self._added[(*path, *inner)] = (self._overlay.name, self._overlay.line((*place, *inner)))
        if len(self._added) > MOST_NODES:
            raise Wrong(f"brings more than {MOST_NODES} values", *place)


def _last_first(path: Path_) -> list[tuple[bool, int, str]]:
    """Sort paths so that the removal of one moves none of the others."""
    return [(isinstance(step, str), step if isinstance(step, int) else 0, str(step)) for step in path]


def _paths(value: Any) -> Iterator[Path_]:
    yield ()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        for inner in _paths(item):
            yield (name, *inner)
