"""The story behind a contextId: what was asked, which guard refused, the session's whole life, and what to change.

Everything is read from the journal and the store: nothing is noted for it while requests are answered.
"""

from mockserver.explain.model import Explanation
from mockserver.explain.teller import explain

__all__ = ["Explanation", "explain"]
