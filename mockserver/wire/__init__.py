"""The platform's operations without I/O: a Request in, a Response out. Every front end calls the same handler."""

from mockserver.wire.answering import Answering
from mockserver.wire.call import ArrivedCall
from mockserver.wire.handler import DOCUMENT, METHOD, ROUTES, Handler
from mockserver.wire.message import MAX_READ, Request, Response

__all__ = ["DOCUMENT", "MAX_READ", "METHOD", "ROUTES", "Answering", "ArrivedCall", "Handler", "Request", "Response"]
