"""Requests to the control API for those steps of a scenario without parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.model import WRITE_SCOPE

DOES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "end_sessions": ("/sessions/end", {}),
    "expire_tokens": ("/tokens/expire", {}),
    "revoke_tokens": ("/tokens/revoke", {}),
    "reject_tokens": ("/tokens/reject", {"reject": True}),
    "accept_tokens": ("/tokens/reject", {"reject": False}),
}
"""The path within the organisation and the body, by the step's name; each is a POST."""

SCOPES: Mapping[str, list[str]] = {"revoke_scope": [], "grant_scope": [WRITE_SCOPE]}
"""The scopes of an OAuth client after the step, which is a PATCH of the client."""

AN_INSTANT = 0.001
"""Seconds of a latency in a script. It is short, because the script moves the clock by what the latency took."""
