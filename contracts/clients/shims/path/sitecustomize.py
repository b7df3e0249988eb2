"""Takes a Python process into virtual time if DAYFLY_TIME names a socket, and runs the `sitecustomize` that this one hides.

dayfly's modules are forgotten again after they are loaded, so that a client may have packages of the same name.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

OWN = "_dayfly_time"
"""The name under which the shim stays in memory; it is loaded once."""

_here = os.path.dirname(os.path.abspath(__file__))
_clients = os.path.dirname(os.path.dirname(_here))


def _load() -> Any:
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "contracts"}
    try:
        for name, folder in (("contracts", os.path.dirname(_clients)), ("contracts.clients", _clients)):
            package = sys.modules[name] = ModuleType(name)
            package.__path__ = [folder]
        from contracts.clients.shims import python
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "contracts"]:
            del sys.modules[name]
        sys.modules.update(hidden)
    return python


def _run_hidden() -> None:
    """Import the `sitecustomize` that comes next, if there is one."""
    own = sys.modules.pop("sitecustomize", None)
    try:
        import_module("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        if own is not None:
            sys.modules.setdefault("sitecustomize", own)


sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != _here]
if "DAYFLY_TIME" in os.environ and OWN not in sys.modules:
    sys.modules[OWN] = _load()
    sys.modules[OWN].join(os.environ["DAYFLY_TIME"])
_run_hidden()
