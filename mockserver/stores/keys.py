"""Key names in the shared store, for ids of any text.

All keys of an organisation have it as hash tag, so that a cluster keeps them together and a script can use them all.
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
        """Return the keys of an organisation for these names."""
        tag = _tag(organization)
        return [f"{self._prefix}{tag}:{name}" for name in names]

    def owner(self, client_id: str) -> str:
        """Return the key for the owner of an OAuth client, which has its own place in a cluster."""
        return f"{self._prefix}client:{_tag(client_id)}"

    def visit(self, name: str) -> str:
        return f"{self._prefix}visit:{_tag(name)}"


def field(key: Key) -> bytes:
    """Return the field of a record within its organisation: ``session:ID``."""
    return to_bytes(f"{key.kind}:{key.id}")


def to_bytes(text: str) -> bytes:
    """Encode any text, lone surrogates too, because ids in requests may contain anything."""
    return text.encode("utf-8", "surrogatepass")


def to_text(value: bytes) -> str:
    """Decode a value of `to_bytes`."""
    return value.decode("utf-8", "surrogatepass")


def _tag(text: str) -> str:
    """Return a Redis hash tag. It is never empty, because Redis ignores `{}`."""
    return f"{{{quote(to_bytes(text), safe='') or '%'}}}"
