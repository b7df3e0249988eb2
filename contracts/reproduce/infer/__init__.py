"""Which policy a recording was made under, as far as it shows."""

from contracts.reproduce.infer.infer import infer

__all__ = ["infer"]
