"""What a door needs of whoever answers: two steps, so that the door can wait between them."""

from __future__ import annotations

from typing import Any, Protocol

from mockserver.wire.message import Request, Response


class Answering(Protocol):
    """Answers requests. A call is its own; a door knows of it `delay`, the seconds to wait, `effect` and `context_id`."""

    def arrive(self, request: Request) -> Any:
        """Read a request, and return the call that it is from now on."""
        ...

    def finish(self, call: Any) -> Response:
        """Decide a call, and return its answer."""
        ...

    def takes(self, path: str, authorization: str | None) -> int:
        """Return how many bytes of a body are of use."""
        ...

    def busy(self, request: Request) -> Response:
        """Return the answer to a request that is not read, because too many wait."""
        ...

    def broken(self, error: Exception, call: Any = None, request: Request | None = None) -> Response:
        """Return the answer if the mock itself failed; `call` is None if it did while `request` arrived."""
        ...
