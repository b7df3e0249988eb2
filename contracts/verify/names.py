"""What a client in a file is called: by a path that does not depend on how somebody came there."""

from __future__ import annotations

import os
from pathlib import Path


def below(path: str | Path, root: Path) -> Path:
    """`path` from `root`, where it is below that, by name or once symbolic links are followed; else as it is."""
    straight, above = Path(os.path.abspath(path)), Path(os.path.abspath(root))
    for place, start in ((straight, above), (straight.resolve(), above.resolve())):
        if place.is_relative_to(start):
            return place.relative_to(start)
    return Path(path)


def from_root(target: str, root: Path) -> str:
    """The target as `root` has it, where it is a file below that; else as it is."""
    where, _, name = target.rpartition(":")
    return f"{below(where, root)}:{name}" if where.endswith(".py") else target
