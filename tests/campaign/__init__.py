"""Puts unmodified public clients before the platforms that ship, and records which rules they break."""
