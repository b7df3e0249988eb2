"""Where the shared store keeps what, for ids of any text.

All that belongs to an organisation has it as hash tag, so that a cluster keeps it in one place, where scripts can reach it.
"""

from __future__ import annotations

from urllib.parse import quote

from mockserver.stores.base import Key


class Keys:
    """Redis keys, all beginning with `prefix`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.organizations = f"{prefix}organizations"
        self.organizations_written = f"{prefix}organizations:written"

    def of(self, organization: str, *names: str) -> list[str]:
        """Keys of an organisation, by their names in it."""
        tag = _tag(organization)
        return [f"{self._prefix}{tag}:{name}" for name in names]

    def owner(self, client_id: str) -> str:
        """Where the organisation of an OAuth client is found, with a place of its own in a cluster."""
        return f"{self._prefix}client:{_tag(client_id)}"

    def visit(self, name: str) -> str:
        """Where a visit of the console is found."""
        return f"{self._prefix}visit:{_tag(name)}"


def field(key: Key) -> bytes:
    """The field of a record within its organisation: ``session:ID``."""
    return to_bytes(f"{key.kind}:{key.id}")


def to_bytes(text: str) -> bytes:
    """Any text, lone surrogates too: who asks for an id may write what he likes."""
    return text.encode("utf-8", "surrogatepass")


def to_text(value: bytes) -> str:
    """What `to_bytes` was given."""
    return value.decode("utf-8", "surrogatepass")


def _tag(text: str) -> str:
    """A hash tag, never empty: an empty one is none."""
    return f"{{{quote(to_bytes(text), safe='') or '%'}}}"
