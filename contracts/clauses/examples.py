"""For each clause, a client that breaks it and one that keeps it, in as few lines as show the difference.

`examples.toml` in this directory has them.
"""

from __future__ import annotations

from typing import NamedTuple

from contracts.formats import table


class Example(NamedTuple):
    """Two versions of the same lines of a client."""

    wrong: str
    right: str


EXAMPLES = {code: Example(**versions) for code, versions in table("contracts.clauses", "examples.toml").items()}
