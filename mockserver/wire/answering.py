"""The interface between a front end and a handler: two steps, so that the front end can wait between them."""

from __future__ import annotations

from typing import Any, Protocol

from mockserver.wire.message import Request, Response


class Answering(Protocol):
    """Answers requests. A front end uses only a call's `delay` (seconds to wait), `effect` and `context_id`."""

    def arrive(self, request: Request) -> Any:
        """Read a request and return the handler's call for it."""
        ...

    def finish(self, call: Any) -> Response:
        """Decide a call and return its answer."""
        ...

    def takes(self, path: str, authorization: str | None) -> int:
        """Return how many bytes of a body are needed."""
        ...

    def busy(self, request: Request) -> Response:
        """Return the answer to a request that is not read, because too many are waiting."""
        ...

    def broken(self, error: Exception, call: Any = None, request: Request | None = None) -> Response:
        """Return the answer after a failure of the mock itself. `call` is None if it failed while `request` arrived."""
        ...
