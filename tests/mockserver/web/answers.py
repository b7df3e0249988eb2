"""A WSGI application whose paths say how it answers: ``/truncated``, or ``/complete?30`` after thirty seconds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mockserver.web.delivery import deliver
from mockserver.wire.message import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY = b'{"webChatSessionId": "c0ffee00-1111-4222-8333-444455556666"}'
DATE = "Tue, 01 Jan 2030 00:00:00 GMT"
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY))), ("Date", DATE)]


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    environ["wsgi.input"].read()
    delay = float(environ["QUERY_STRING"] or 0)
    return deliver(Response(200, HEADERS, BODY, delay, environ["PATH_INFO"][1:]), environ, start_response)
