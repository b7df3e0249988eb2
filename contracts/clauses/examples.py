"""For each clause, a client that breaks it and one that keeps it, in as few lines as show the difference.

`examples.toml` in this directory has them.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import NamedTuple


class Example(NamedTuple):
    """Two versions of the same lines of a client."""

    wrong: str
    right: str


_TOLD = tomllib.loads(resources.files("contracts.clauses").joinpath("examples.toml").read_text("utf-8"))

EXAMPLES = {code: Example(**versions) for code, versions in _TOLD.items()}
