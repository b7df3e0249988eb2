"""The platform's operations without I/O: a Request in, a Response out. Every door calls the same handler."""

from mockserver.wire.handler import DOCUMENT, METHOD, ROUTES, Handler, Pending
from mockserver.wire.message import MAX_READ, Request, Response

__all__ = ["DOCUMENT", "MAX_READ", "METHOD", "ROUTES", "Handler", "Pending", "Request", "Response"]
