"""The OpenAPI documents, of the platform and of the control API: the only places where wire shapes are written."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["admin_document", "document"]


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the platform, as JSON values. It is read once and shared: do not change it."""
    return _read("platform.yaml")


@cache
def admin_document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the control API; like the other, do not change it."""
    return _read("admin.yaml")


def _read(name: str) -> dict[str, Any]:
    import yaml  # late: start-up and the pytest plugin must not pay for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader is four times faster, and not in every build
    content: dict[str, Any] = yaml.load(files(__package__).joinpath(name).read_bytes(), Loader=loader)
    return content
