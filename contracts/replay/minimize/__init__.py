"""From a refused request in a journal to the smallest story that is refused in the same way.

The past of the request's token, session and OAuth client is taken from the journal and repeated on a fresh organisation in this
process. Then steps are left out as long as the status, code and reason stay the same. So every returned story has been run.
"""

from contracts.replay.minimize.declared import distil_declared
from contracts.replay.minimize.distil import NotReproduced, distil

__all__ = ["NotReproduced", "distil", "distil_declared"]
