"""What the control API is asked for the steps of a scenario that need no more than their name."""

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
"""Path within the organisation, and body, by the step's name; each is a POST."""

SCOPES: Mapping[str, list[str]] = {"revoke_scope": [], "grant_scope": [WRITE_SCOPE]}
"""The scopes that an OAuth client has after the step: a PATCH of the client."""

AN_INSTANT = 0.001
"""Seconds that a latency takes in a script: the clock's steps stand for what it took."""
