"""The explanation of a contextId: the request, the guard that refused it, its session's life, and what to change.

Everything is read from the journal and the store. Answering requests records nothing extra for it.
"""

from mockserver.explain.model import Explanation
from mockserver.explain.teller import explain

__all__ = ["Explanation", "explain"]
