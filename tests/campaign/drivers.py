"""The table of drivers: fixtures/public/drivers.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

PUBLIC = Path(__file__).parents[2] / "fixtures" / "public"


class Reading(Struct, frozen=True, forbid_unknown_fields=True):
    """The result of reading an alarm a second time, beside the specification and the client's source.

    ``stands``: the client breaks a rule. ``advice``: no sentence forbids it, or whether it does can be argued, and yet it
    does harm. ``not promised``: it happens only if threads share an object, which the library does not promise to
    allow. `upstream` is the report that its maintainers have; "new" if a search found none, "" if there was no search.
    """

    verdict: Literal["stands", "advice", "not promised"]
    note: str
    upstream: str = ""


class PublicClient(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A driver of one package. `most` are the scenarios for each seed, None for all.

    `target` is a file with its factory, or the file and the arguments that Node runs. `shared` says whether the library
    promises that one object can do several units at once. `control`: nothing is expected to be found. `environment` names its
    requirements, as in requirements-mcp1.txt; clients that need other versions of one package have one of their own. `beside`
    are packages that the driver needs and an earlier version of its own did not bring.
    """

    name: str
    package: str
    version: str
    language: Literal["python", "node"]
    platform: str
    unit: str
    target: str
    shared: bool
    control: bool = False
    environment: str = ""
    beside: list[str] = []
    most: int | None = None
    seeds: int = 20
    policy: dict[str, Any] = {}
    readings: dict[str, Reading] = {}


def drivers() -> list[PublicClient]:
    """Return all drivers, in the order of the file."""
    table = tomllib.loads((PUBLIC / "drivers.toml").read_text("utf-8"))
    return [msgspec.convert({"name": name, **told}, PublicClient) for name, told in table.items()]
