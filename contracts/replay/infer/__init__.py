"""Infers the policy under which a recording was made, as far as it shows."""

from contracts.replay.infer.infer import infer

__all__ = ["infer"]
