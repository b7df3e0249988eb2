"""The platform's operations without I/O: a Request in, a Response out. Every front end calls the same handler."""

from mockserver.engine.model import ROUTES
from mockserver.wire.call import ArrivedCall
from mockserver.wire.handler import DOCUMENT, METHOD, Handler
from mockserver.wire.message import MAX_READ, Request, Response
from mockserver.wire.serving import Serving

__all__ = ["DOCUMENT", "MAX_READ", "METHOD", "ROUTES", "ArrivedCall", "Handler", "Request", "Response", "Serving"]
