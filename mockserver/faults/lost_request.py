"""The request never reaches the platform: the connection closes before any byte of an answer.

In process, where no connection is kept, this is a refused connection: the client knows that nothing was sent.
"""

from mockserver.engine.model import Fault
from mockserver.faults.effect import Effect


def effect(fault: Fault) -> Effect:
    """The platform does not act, and nothing comes back."""
    return Effect(label="lost request", acts=False, emptied=True, delivery="lost_request")
