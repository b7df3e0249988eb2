"""A bare 403 without a reason. Nothing changes, and the session stays alive."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Answer 403 with an empty body; the platform does not act."""
    return Effect(label="opaque 403", acts=False, status=403, emptied=True)
