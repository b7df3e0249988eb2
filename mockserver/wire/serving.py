"""The common part of the handlers of all platforms: the steps of a request, and the answers that the mock gives for itself."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from mockserver.engine.decide import Seen
from mockserver.engine.model import Reason
from mockserver.errors import ConflictError, StoreUnavailable
from mockserver.faults import effect_of
from mockserver.journal import PendingEntry
from mockserver.service import PlatformService
from mockserver.stores.base import LIGHT
from mockserver.wire.message import Request, Response
from mockserver.wire.notes import KEPT, MARGIN
from mockserver.wire.unserved import Unserved

_log = logging.getLogger("dayfly")

LARGE = KEPT + MARGIN
"""Bodies from this size on are read with care. The journal keeps no more than this."""

CALL = "_dayfly_call"
"""The attribute with the call of an exception raised while a request arrives, so that the journal has one request."""


class Serving(ABC):
    """Answers requests in two steps: a request arrives, and its call is finished. A front end may wait in between.

    It uses only a call's `delay` (seconds to wait), `effect` and `context_id`.
    `opaque` leaves out the headers that no real server sends; the journal keeps what they say.
    """

    def __init__(self, platform: PlatformService, *, opaque: bool = False) -> None:
        self.platform, self.opaque, self.unserved = platform, opaque, Unserved(platform)

    def handle(self, request: Request) -> Response:
        """Return the answer to a request without waiting. It contains its delays, for the front end to wait."""
        return self.finish(self.arrive(request))

    @abstractmethod
    def arrive(self, request: Request) -> Any:
        """Read a request, journal its arrival and draw the fault that hits it. Blocks only for the store."""

    @abstractmethod
    def takes(self, path: str, authorization: str | None) -> int:
        """Return how many bytes of a body are needed."""

    def receive(self, call: Any, arrive: Callable[[Any], Seen], may_fail: bool) -> None:
        """Journal a call's arrival and read its snapshot by `arrive`, and draw its fault if it `may_fail`.

        If the store cannot be reached, the call is answered already.
        """
        if self.unserved.waiting:
            self.unserved.catch_up()
        try:
            seen = arrive(call)
            if may_fail and seen.faults is not None and seen.faults.faults:
                call.effect = effect_of(self.platform.draw_fault(call, seen))
        except (StoreUnavailable, ConflictError) as error:
            call.answered_with = self.failed(call, error, reason_of(error))
        except Exception as error:
            vars(error)[CALL] = call
            raise

    @abstractmethod
    def answered(self, call: Any) -> Response:
        """Decide the call, commit and journal the answer, and render it. Raises StoreUnavailable, ConflictError."""

    @abstractmethod
    def unread(self, request: Request) -> Any:
        """Return a call of which only the head is known."""

    @abstractmethod
    def own_answer(self, call: Any, reason: Reason) -> tuple[Response, PendingEntry]:
        """Return an answer that is not the platform's, with its journal entry."""

    def finish(self, call: Any) -> Response:
        """Decide a call and return its answer."""
        if call.answered_with is not None:
            return call.answered_with  # type: ignore[no-any-return]
        try:
            response = self.answered(call)
        except (StoreUnavailable, ConflictError) as error:
            return self.failed(call, error, reason_of(error))
        return replace(response, body=b"") if call.request.method == "HEAD" else response

    def broken(self, error: Exception, call: Any = None, request: Request | None = None) -> Response:
        """Return the answer after a failure of the mock itself. `call` is None if it failed while `request` arrived."""
        if call is None:
            call = vars(error).get(CALL) or self.unread(request or Request(method="POST", path=""))
        return self.failed(call, error, Reason.INTERNAL)

    def busy(self, request: Request) -> Response:
        """Return the answer to a request that is not read, because too many are waiting. A crowd is journalled in part."""
        call = self.unread(request)
        response, noted = self.own_answer(call, Reason.BUSY)
        if self.unserved.is_sample():
            self._keep(call, noted)
        return response

    def failed(self, call: Any, error: Exception, reason: Reason) -> Response:
        """Return the answer to a call that the mock failed, and have it journalled."""
        _log.error("%s %s: %s", call.context_id, reason, error, exc_info=reason is Reason.INTERNAL)
        response, noted = self.own_answer(call, reason)
        self._keep(call, noted)
        return response

    def _keep(self, call: Any, noted: PendingEntry) -> None:
        """Have it journalled that a call was answered so. Errors in this are only logged."""
        try:
            self.unserved.add(call, noted, self.platform.system())
        except Exception:
            _log.exception("%s: that this request failed could not be journalled", call.context_id)


def reason_of(error: StoreUnavailable | ConflictError) -> Reason:
    """Return why the store did not serve: it is unavailable, or others were faster each time."""
    return Reason.STORE_CONTENDED if isinstance(error, ConflictError) else Reason.STORE_UNAVAILABLE


def beginning(request: Request) -> Request:
    """Return a request with as much of its body as the journal may keep."""
    return replace(request, body=request.body[:LARGE])


def weight_of(request: Request) -> int:
    """Return the bytes, chosen by its sender, that the request keeps in memory; 0 if they are few."""
    headers = len(request.authorization or "") + len(request.content_type or "") + len(request.agent or "")
    if request.others:
        headers += sum(len(name) + len(value) for name, value in request.others)
    weight = len(request.body) + len(request.path) + len(request.query) + headers
    return weight if weight > LIGHT else 0
