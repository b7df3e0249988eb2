"""The platforms that come with the package. A platform is named by its name, or by a file."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from mockserver.errors import SettingsError, suggestion

DEFAULT = "webchat"
"""The platform that is served by default."""


def is_declared(named: str | Path | None) -> bool:
    """Return True if a platform is named that is not DEFAULT, which has an engine and a judge of its own."""
    return named not in {None, "", DEFAULT}


def _folder() -> Path:
    return Path(str(resources.files("mockserver"))) / "platforms"


def names() -> list[str]:
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def find(named: str) -> Path:
    """Return the file of a platform: one that comes with the package, or a path. Raises SettingsError if neither exists."""
    if named in names():
        return _folder() / f"{named}.yaml"
    path = Path(named)
    if os.path.isfile(path):
        return path
    if os.path.isdir(path):
        raise SettingsError("platform", named, "is a directory; give a file, or the name of a platform")
    if path.suffix in {".yaml", ".yml"} or "/" in named:
        raise SettingsError("platform", named, "there is no such file")
    hint = suggestion(named, names())
    raise SettingsError("platform", named, f"there is no platform and no file of that name; {hint}")
