"""Advice for each reason: what to change in the client."""

from __future__ import annotations

import re

from mockserver.engine.model import Reason

_FRESH = "Create a session right before each message and send with its id at once; keep no id in a cache, database or queue."
_ON_DEAD = "Treat a 403 `not.authorized` on a send as a dead id: drop it, create a new session, send once with that."
_RENEW = "On a 401 ask for one new token, then repeat the request once. If that fails too, give up and report it."
_TOKEN_AGE = "Remember `expires_in` and renew the token some minutes before it expires."
_READ_CODE = "Tell the 403s apart by `code`: do not retry `app.not.authorized.for.scope`; an administrator must act."
_NO_RETRY = "Do not repeat it unchanged: the answer will be the same."
_UNSEEN = (
    "The platform acted, but the client cannot know. Sending the message again might deliver it twice, so "
    "decide which is acceptable, twice or not at all, and make the retries of libraries follow that too."
)

ADVICE: dict[Reason, tuple[str, ...]] = {
    Reason.TOKEN_ISSUED: ("Use the token for many requests; one token request per message is wasteful.", _TOKEN_AGE),
    Reason.SESSION_CREATED: ("Send its message now: only milliseconds should pass between creating and sending.",),
    Reason.MESSAGE_ACCEPTED: (
        "The id is used up, unless the policy allows several messages: create another for the next message.",
    ),
    Reason.AUTH_MISSING: (
        "Send `Authorization: Bearer TOKEN` with every request; POST /oauth/token issues the token.",
        "Check that the client has a token before its first request: an SDK may send an empty one.",
    ),
    Reason.AUTH_MALFORMED: ("Send the header as `Bearer`, one space, and the token exactly as it was issued.",),
    Reason.AUTH_UNKNOWN: (
        "Check where the token comes from: another environment, a log or a template, for example.",
        _RENEW,
    ),
    Reason.AUTH_EXPIRED: (_RENEW, _TOKEN_AGE),
    Reason.AUTH_IDLE: (_RENEW, "A token also expires if it is not used: expect a 401 after every quiet period."),
    Reason.AUTH_REVOKED: (_RENEW,),
    Reason.AUTH_EVICTED: (
        _RENEW,
        "Share one token among workers instead of each fetching its own: the newest evict the oldest.",
    ),
    Reason.AUTH_REJECTED: (
        "Bound the number of tokens fetched in a row: if new tokens are refused too, stop and report it.",
        "To end this, accept tokens again through the control API.",
    ),
    Reason.SCOPE_MISSING: (
        "Give the OAuth client the scope; its tokens have it at once, unless they were issued with fewer.",
        _READ_CODE,
    ),
    Reason.MEDIA_TYPE: ("Set Content-Type to what the operation accepts, and send the body plain or with gzip.", _NO_RETRY),
    Reason.TOO_LARGE: ("Send less: split the message, or reject it when it is written.", _NO_RETRY),
    Reason.NOT_JSON: ("Let a JSON library write the body; a string template breaks at the first quotation mark.", _NO_RETRY),
    Reason.NOT_OBJECT: ("Send a JSON object, not a list, a string or null.", _NO_RETRY),
    Reason.INVALID: ("Check the named field before sending, while a person can still correct it.", _NO_RETRY),
    Reason.RATE_LIMITED: (
        "Wait as many seconds as Retry-After says before the next request with this token.",
        "If the session ends before that, create a new one afterwards.",
    ),
    Reason.SESSION_CONSUMED: (
        _FRESH,
        _ON_DEAD,
        "Never give two workers or messages the same id: of two sends, one gets this 403.",
    ),
    Reason.SESSION_IDLE: (
        _FRESH,
        "Create it in the step that sends, not in an earlier one of a workflow.",
        _ON_DEAD,
    ),
    Reason.SESSION_EXPIRED: (_FRESH, _ON_DEAD),
    Reason.SESSION_REVOKED: (_ON_DEAD, "The other side may end a session at any time; recover from it as from any dead id."),
    Reason.SESSION_UNKNOWN: (
        "Use ids exactly as POST /api/v2/conversations/webchat/sessions returned them.",
        _ON_DEAD,
    ),
    Reason.SESSION_FOREIGN: (
        "Create and send with the same OAuth client; no other client can use the id.",
        _ON_DEAD,
    ),
    Reason.SESSION_FORGOTTEN: ("This id is old, from a cache or a database: " + _FRESH[0].lower() + _FRESH[1:], _ON_DEAD),
    Reason.OAUTH_UNKNOWN_CLIENT: ("Check the client id, and that it belongs to this environment.", _NO_RETRY),
    Reason.OAUTH_WRONG_SECRET: ("Check the client secret for white space, quotation marks and old values.", _NO_RETRY),
    Reason.OAUTH_UNSUPPORTED_GRANT: ("Send grant_type=client_credentials.", _NO_RETRY),
    Reason.OAUTH_INVALID_SCOPE: ("Leave out `scope` to get all scopes of the client, or give the client the scope.", _NO_RETRY),
    Reason.OAUTH_INVALID_REQUEST: ("Send a URL-encoded form in UTF-8 with grant_type, each field once.", _NO_RETRY),
    Reason.ROUTE_UNKNOWN: ("Compare base URL and path with /openapi.json; a doubled or missing prefix is common.", _NO_RETRY),
    Reason.ROUTE_METHOD: ("Use the method that the Allow header names.", _NO_RETRY),
    Reason.CAPACITY: ("End sessions, or run the mock with a higher limit. A client should back off as after any 503.",),
    Reason.CAPACITY_BODIES: ("Back off and try again; send fewer large bodies at once.",),
    Reason.BUSY: ("Back off and try again; let fewer requests wait at once, or give the server more workers.",),
    Reason.STORE_UNAVAILABLE: ("Back off and try again; check that the store is running.",),
    Reason.STORE_CONTENDED: ("Back off and try again; let fewer clients share one session.",),
    Reason.INTERNAL: ("Back off and try again; please report the log of the mock.",),
    Reason.FAULT: (
        "The fault tests the client: it should back off, honour Retry-After, and limit its retries.",
        "After a lost or truncated answer to a send, the message may have been accepted: do not send it again blindly.",
    ),
}

PLACEHOLDER = re.compile(r"\{\{.*\}\}|\$\{.*\}|<.*>|\[.*\]|undefined|null|none|nan", re.IGNORECASE)
"""Matches session ids that a template or a conversion left behind."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def advice_for(reason: Reason | None, session_id: str | None, unseen: bool = False) -> tuple[str, ...]:
    """Return what to change, the most specific first. `unseen`: the platform acted, but the client cannot know."""
    if reason is None:
        return ("Explain it again when it has been answered.",)
    if unseen:
        return (_UNSEEN, *ADVICE[reason])
    hint = _hint(session_id) if reason is Reason.SESSION_UNKNOWN and session_id is not None else None
    return (hint, *ADVICE[reason]) if hint else ADVICE[reason]


def looks_issued(session_id: str) -> bool:
    """Return whether an id has the format of the platform's ids."""
    return _ID.fullmatch(session_id) is not None


def _hint(session_id: str) -> str | None:
    if PLACEHOLDER.fullmatch(session_id.strip()):
        return "The id is a placeholder without a value: fill it in before sending."
    if not looks_issued(session_id):
        return "The id does not look like the platform's ids, which are UUIDs: it was made up, truncated or changed on its way."
    return None
