"""A request that never reaches the platform: the connection closes before any byte of an answer.

In process there is no connection, so this is a refused connection: the client knows that nothing was sent.
"""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """The platform does not act, and the client gets no answer."""
    return Effect(label="lost request", acts=False, emptied=True, delivery="lost_request")
