"""From a refused request in a journal to the smallest story that is refused in the same way.

What the journal tells of the request's token, session and OAuth client is put on a fresh organisation in this process; then
steps are left out for as long as the same status, code and reason come. What is handed out was seen to do so.
"""

from contracts.stories.distil.distil import NotReproduced, distil

__all__ = ["NotReproduced", "distil"]
