"""A bare 403 that tells nobody why: nothing changes, the session lives."""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """Answers 403 with an empty body; the platform does not act."""
    return Effect(label="opaque 403", acts=False, status=403, emptied=True)
