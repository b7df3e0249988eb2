from __future__ import annotations

from tests.mockserver.over_stores import assembly, store, valkey

__all__ = ["assembly", "store", "valkey"]
