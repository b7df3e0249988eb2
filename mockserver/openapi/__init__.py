"""The OpenAPI documents of the platform and of the control API. Wire shapes are written only there."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["admin_document", "document"]


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the platform as JSON values. It is shared: do not change it."""
    return _read("platform.yaml")


@cache
def admin_document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the control API. It is shared too."""
    return _read("admin.yaml")


def _read(name: str) -> dict[str, Any]:
    import yaml  # imported late, to keep start-up and the pytest plugin fast

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is four times as fast, but not in every build
    content: dict[str, Any] = yaml.load(files(__package__).joinpath(name).read_bytes(), Loader=loader)
    return content
