"""What to change in the client, reason by reason."""

from __future__ import annotations

import re

from mockserver.engine.model import Reason

_FRESH = "Create a session right before each message and send with its id at once; keep no id in a cache, database or queue."
_ON_DEAD = "Treat a 403 `not.authorized` on a send as a dead id: drop it, create a new session, send once with that."
_RENEW = "On a 401 ask for one new token, then repeat the request once; if that is refused too, give up and say so."
_TOKEN_AGE = "Remember `expires_in` and renew some minutes before it is over."
_READ_CODE = "Tell the 403s apart by `code`: `app.not.authorized.for.scope` is for an administrator, and no retry helps."
_NO_RETRY = "Do not repeat it unchanged: the answer will be the same."
_UNSEEN = (
    "The platform acted, and the client was not told: it cannot know. To send the message again might deliver it twice, so "
    "decide which you can bear, twice or not at all, and make retries by libraries follow that too."
)

ADVICE: dict[Reason, tuple[str, ...]] = {
    Reason.TOKEN_ISSUED: ("Keep the token for many requests; one token request per message is waste.", _TOKEN_AGE),
    Reason.SESSION_CREATED: ("Send its message now: the gap between creating and sending should be milliseconds.",),
    Reason.MESSAGE_ACCEPTED: ("The id is spent unless the policy allows more than one message: create another for the next.",),
    Reason.AUTH_MISSING: (
        "Send `Authorization: Bearer TOKEN` with every request; POST /oauth/token issues the token.",
        "Check that the token is there before the first request leaves: an SDK may send an empty one.",
    ),
    Reason.AUTH_MALFORMED: ("Send the header as `Bearer`, one space, and the token just as it was issued.",),
    Reason.AUTH_UNKNOWN: (
        "Check where the token comes from: another environment's, a redacted one or an unrendered placeholder looks like this.",
        _RENEW,
    ),
    Reason.AUTH_EXPIRED: (_RENEW, _TOKEN_AGE),
    Reason.AUTH_IDLE: (_RENEW, "A token also dies of not being used: expect a 401 after every quiet period."),
    Reason.AUTH_REVOKED: (_RENEW,),
    Reason.AUTH_EVICTED: (
        _RENEW,
        "Share one token among workers instead of each fetching its own: the newest ones push out the oldest.",
    ),
    Reason.AUTH_REJECTED: (
        "Bound the number of tokens fetched in a row: when new tokens are refused too, stop and report it.",
        "To end this, tell the control API to accept tokens again.",
    ),
    Reason.SCOPE_MISSING: (
        "Give the OAuth client the scope; its tokens have it at once, unless they were narrowed when they were issued.",
        _READ_CODE,
    ),
    Reason.MEDIA_TYPE: ("Set Content-Type to what the operation takes, and send the body plain or in gzip.", _NO_RETRY),
    Reason.TOO_LARGE: ("Send less: split the message, or refuse it where it is written.", _NO_RETRY),
    Reason.NOT_JSON: ("Let a JSON library write the body; string templates break at the first quotation mark.", _NO_RETRY),
    Reason.NOT_OBJECT: ("Send a JSON object, not a list, a string or null.", _NO_RETRY),
    Reason.INVALID: ("Check the field that is named before sending, where a person can still mend it.", _NO_RETRY),
    Reason.RATE_LIMITED: (
        "Wait as many seconds as Retry-After says before the next request with this token.",
        "If that outlasts the session, create a fresh one afterwards.",
    ),
    Reason.SESSION_CONSUMED: (_FRESH, _ON_DEAD, "Give no two workers or intents the same id: of two sends, one gets this 403."),
    Reason.SESSION_IDLE: (
        _FRESH,
        "Create it in the step that sends, not in an earlier one of a workflow.",
        _ON_DEAD,
    ),
    Reason.SESSION_EXPIRED: (_FRESH, _ON_DEAD),
    Reason.SESSION_REVOKED: (_ON_DEAD, "The other side may end a session at any time; recover from it as from any dead id."),
    Reason.SESSION_UNKNOWN: (
        "Use only ids that POST /api/v2/conversations/webchat/sessions returned, character by character.",
        _ON_DEAD,
    ),
    Reason.SESSION_FOREIGN: (
        "Create and send with the same OAuth client; an id is good for nobody else.",
        _ON_DEAD,
    ),
    Reason.SESSION_FORGOTTEN: ("An id this old comes from a cache or a database: " + _FRESH[0].lower() + _FRESH[1:], _ON_DEAD),
    Reason.OAUTH_UNKNOWN_CLIENT: ("Check the client id, and that it belongs to this environment.", _NO_RETRY),
    Reason.OAUTH_WRONG_SECRET: ("Check the client secret for white space, quotation marks and old values.", _NO_RETRY),
    Reason.OAUTH_UNSUPPORTED_GRANT: ("Ask with grant_type=client_credentials.", _NO_RETRY),
    Reason.OAUTH_INVALID_SCOPE: ("Leave `scope` out to get all the client has, or give the client the scope.", _NO_RETRY),
    Reason.OAUTH_INVALID_REQUEST: ("Send a URL-encoded form in UTF-8 with grant_type, each field once.", _NO_RETRY),
    Reason.ROUTE_UNKNOWN: ("Compare base URL and path with /openapi.json; a doubled or missing prefix is common.", _NO_RETRY),
    Reason.ROUTE_METHOD: ("Use the method that the Allow header names.", _NO_RETRY),
    Reason.CAPACITY: ("End sessions, or run the mock with a higher limit. A client should back off as for any 503.",),
    Reason.CAPACITY_BODIES: ("Back off and try again; send fewer large bodies at once.",),
    Reason.BUSY: ("Back off and try again; let fewer requests wait at once, or give the server more workers.",),
    Reason.STORE_UNAVAILABLE: ("Back off and try again; see that the store runs.",),
    Reason.STORE_CONTENDED: ("Back off and try again; let fewer clients share one session.",),
    Reason.INTERNAL: ("Back off and try again; please report the log of the mock.",),
    Reason.FAULT: (
        "This is how the client is tested: it should back off, honour Retry-After, and bound its tries.",
        "After a lost or cut answer to a send, nobody knows whether it was accepted: do not send it again blindly.",
    ),
}

PLACEHOLDER = re.compile(r"\{\{.*\}\}|\$\{.*\}|<.*>|\[.*\]|undefined|null|none|nan", re.IGNORECASE)
"""Session ids that are what a template or a conversion left behind."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def advice_for(reason: Reason | None, session_id: str | None, unseen: bool = False) -> tuple[str, ...]:
    """What to change, the most particular first; `unseen` where the platform acted and the client was not told so."""
    if reason is None:
        return ("Look again when it is answered.",)
    if unseen:
        return (_UNSEEN, *ADVICE[reason])
    hint = _hint(session_id) if reason is Reason.SESSION_UNKNOWN and session_id is not None else None
    return (hint, *ADVICE[reason]) if hint else ADVICE[reason]


def looks_issued(session_id: str) -> bool:
    """Whether an id is written like those of the platform."""
    return _ID.fullmatch(session_id) is not None


def _hint(session_id: str) -> str | None:
    if PLACEHOLDER.fullmatch(session_id.strip()):
        return "The id is a placeholder that nothing was put into: render it before sending, and send none where it is empty."
    if not looks_issued(session_id):
        return "The id does not look like one of the platform's, which are UUIDs: it was made up, cut or changed on its way."
    return None
