"""Names of clients in files, relative to a directory if possible."""

from __future__ import annotations

import os
from pathlib import Path


def below(path: str | Path, root: Path) -> Path:
    """Return `path` relative to `root` if it is below that, also after following symbolic links; else as it is."""
    straight, above = Path(os.path.abspath(path)), Path(os.path.abspath(root))
    for place, start in ((straight, above), (straight.resolve(), above.resolve())):
        if place.is_relative_to(start):
            return place.relative_to(start)
    return Path(path)


def from_root(target: str, root: Path) -> str:
    """Return the target relative to `root` if it is a file below that; else as it is."""
    where, _, name = target.rpartition(":")
    return f"{below(where, root)}:{name}" if where.endswith(".py") else target
