"""Follows the references of an OpenAPI document. Those between schemas stay, because schemas may contain themselves."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from mockserver.errors import suggestion
from mockserver.platform.errors import Wrong
from mockserver.platform.source import MOST_NODES, Path_

SCHEMAS = "#/components/schemas/"
"""The beginning of a reference that stays. A validator follows it when it meets it."""

_EXCLUSIVE = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


def resolved(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with each reference replaced by the part that it refers to. Raises Wrong.

    The schemas of an OpenAPI 3.0 document become JSON Schemas, as those of 3.1 are.
    """
    whole: dict[str, Any] = _Resolver(document).resolve(document, (), ())
    return whole


class _Resolver:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document, self._visits = document, 0
        self._is_old = str(document.get("openapi", "")).startswith("3.0")

    def resolve(self, part: Any, path: Path_, trail: tuple[str, ...], *, schema: bool = False) -> Any:
        """Return a part without references; `trail` are the references being followed."""
        self._visits += 1
        if self._visits > MOST_NODES:
            raise Wrong(f"the document has more than {MOST_NODES} values once its references are followed", *path)
        if isinstance(part, list):
            return [self.resolve(item, (*path, number), trail, schema=schema) for number, item in enumerate(part)]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref")
        if not isinstance(reference, str):
            whole = {
                name: self.resolve(item, (*path, name), trail, schema=schema or _is_schema(path, name))
                for name, item in part.items()
            }
            if schema and _is_foreign(whole.get("pattern")):
                del whole["pattern"]
            return _modern(whole) if schema and self._is_old else whole
        steps, found = _referred(reference, self._document, path)
        if schema and reference.startswith(SCHEMAS):
            return {"$ref": reference}
        if reference in trail:
            raise Wrong(f"{reference!r} refers to itself, by way of {' and '.join(trail)}", *path)
        return self.resolve(found, steps, (*trail, reference), schema=schema)


def _is_schema(path: Path_, name: str) -> bool:
    return name == "schema" or (path == ("components",) and name == "schemas")


def _is_foreign(pattern: Any) -> bool:
    """Return True for a pattern with a class like \\p{L}, which Python does not know. It is not checked."""
    return isinstance(pattern, str) and r"\p" in pattern


def _modern(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0 with the words that 3.1 has for `nullable` and for bounds that are left out."""
    for word, bound in _EXCLUSIVE.items():
        if schema.get(word) is True and bound in schema:
            schema[word] = schema.pop(bound)
        elif isinstance(schema.get(word), bool):
            del schema[word]
    if schema.get("nullable") is not True:
        return schema
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list):
            schema["enum"] = [*schema["enum"], None]
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def steps_of(reference: str) -> tuple[str, ...]:
    """Return the names through which a reference leads, from the document's root."""
    return tuple(unquote(step).replace("~1", "/").replace("~0", "~") for step in reference.removeprefix("#/").split("/"))


def _referred(reference: str, document: dict[str, Any], path: Path_) -> tuple[Path_, Any]:
    """Return the target path of a reference, and the part found there."""
    if not reference.startswith("#/"):
        raise Wrong(f"{reference!r} leads out of the file; a declaration is one file, so write #/components/…", *path)
    steps = steps_of(reference)
    found: Any = document
    for name in steps:
        if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
            continue
        if not isinstance(found, dict) or name not in found:
            known = f"; {suggestion(name, found)}" if isinstance(found, dict) else ""
            raise Wrong(f"{reference!r} leads nowhere: there is no {name!r}{known}", *path)
        found = found[name]
    return steps, found
