"""The one table from reason to status, code and message.

Sources are the platform's public specifications, and the thread for 403.
"""

from __future__ import annotations

from http.client import responses as phrases
from typing import NamedTuple

from mockserver.engine.model import Reason


class Row(NamedTuple):
    """The answer for a reason. `{name}` in the message is a parameter; for OAuth rows `code` is the `error`."""

    status: int
    code: str = ""
    message: str = ""


_DEAD = Row(403, "not.authorized", "You are not authorized to perform the requested action.")
_BAD = Row(401, "bad.credentials", "Invalid login credentials.")
_OLD = Row(401, "credentials.expired", "The supplied credentials are expired and cannot be used.")
_BUSY = Row(503, "service.unavailable", "The service is temporarily unavailable. Retry later.")

TABLE: dict[Reason, Row] = {
    Reason.TOKEN_ISSUED: Row(200),
    Reason.SESSION_CREATED: Row(200),
    Reason.MESSAGE_ACCEPTED: Row(200),
    Reason.AUTH_MISSING: Row(
        401, "authentication.required", "No authentication bearer token specified in authorization header."
    ),
    Reason.AUTH_MALFORMED: _BAD,
    Reason.AUTH_UNKNOWN: _BAD,
    Reason.AUTH_EXPIRED: _OLD,
    Reason.AUTH_IDLE: _OLD,
    Reason.AUTH_REVOKED: _BAD,
    Reason.AUTH_EVICTED: _BAD,
    Reason.AUTH_REJECTED: _BAD,
    Reason.SCOPE_MISSING: Row(403, "app.not.authorized.for.scope", "App not authorized to use scope [{scope}]"),
    Reason.MEDIA_TYPE: Row(415, "unsupported.media.type", "The request's media type is not supported here: use {media}."),
    Reason.TOO_LARGE: Row(413, "request.entity.too.large", "The request body is larger than {limit} bytes."),
    Reason.NOT_JSON: Row(400, "bad.request", "{detail}"),
    Reason.NOT_OBJECT: Row(400, "bad.request", "The request body must be a JSON object."),
    Reason.INVALID: Row(400, "constraint.validation", "{detail}"),
    Reason.RATE_LIMITED: Row(
        429,
        "too.many.requests.retry.after",
        "Rate limit exceeded the maximum. Retry the request in [{retry_after}] seconds",
    ),
    Reason.SESSION_CONSUMED: _DEAD,
    Reason.SESSION_IDLE: _DEAD,
    Reason.SESSION_EXPIRED: _DEAD,
    Reason.SESSION_REVOKED: _DEAD,
    Reason.SESSION_UNKNOWN: _DEAD,
    Reason.SESSION_FOREIGN: _DEAD,
    Reason.SESSION_FORGOTTEN: _DEAD,
    Reason.OAUTH_UNKNOWN_CLIENT: Row(400, "invalid_client", "client not found: {client_id}"),
    Reason.OAUTH_WRONG_SECRET: Row(401, "invalid_client", "authentication failed"),
    Reason.OAUTH_UNSUPPORTED_GRANT: Row(400, "unsupported_grant_type", "only client_credentials is supported"),
    Reason.OAUTH_INVALID_SCOPE: Row(400, "invalid_scope", "the client does not have every scope asked for"),
    Reason.OAUTH_INVALID_REQUEST: Row(400, "invalid_request", "{detail}"),
    Reason.ROUTE_UNKNOWN: Row(404, "not.found", "The requested resource does not exist."),
    Reason.ROUTE_METHOD: Row(405, "method.not.allowed", "The method is not allowed here: use {allow}."),
    Reason.CAPACITY: _BUSY,
    Reason.CAPACITY_BODIES: _BUSY,
    Reason.BUSY: _BUSY,
    Reason.STORE_UNAVAILABLE: _BUSY,
    Reason.STORE_CONTENDED: _BUSY,
    Reason.INTERNAL: Row(500, "internal.server.error", "The server failed to answer."),
}

_INJECTED: dict[int, Row] = {
    400: Row(400, "bad.request", "The request could not be understood."),
    413: TABLE[Reason.TOO_LARGE]._replace(message="The request body is too large."),
    429: TABLE[Reason.RATE_LIMITED],
    500: TABLE[Reason.INTERNAL],
    502: Row(502, "bad.gateway", "The gateway received an invalid answer."),
    503: _BUSY,
}

TOLD_AS = {Reason.SESSION_FOREIGN: Reason.SESSION_UNKNOWN, Reason.SESSION_FORGOTTEN: Reason.SESSION_UNKNOWN}
"""The reasons in the header if only the journal may say more: a foreign id gets the same answer as an unknown one."""


def injected(status: int) -> Row:
    """Return the answer of an injected error with this status."""
    phrase = phrases.get(status, "error")
    return _INJECTED.get(status) or Row(status, phrase.lower().replace(" ", ".").replace("-", "."), f"{phrase}.")


def is_oauth(reason: Reason) -> bool:
    """Return whether the answer has OAuth's error shape instead of the platform's."""
    return reason.startswith("oauth.")
