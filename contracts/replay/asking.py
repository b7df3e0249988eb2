"""Makes recorded requests anew, with fresh credentials and ids in place of the recorded ones."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from contracts.har.bodies import is_form
from contracts.platform_requests import ClientCredentials, message_body
from contracts.replay.recording import RecordedStep
from mockserver.control.clients import NewClient
from mockserver.journal import SESSION_ID
from mockserver.wire import Request
from mockserver.wire.bodies import FORM

UNKNOWN_CLIENT = "nobody-of-this-organisation"
WRONG_SECRET = "not-the-secret-of-this-client"
UNKNOWN_TOKEN = "not-a-token-of-this-organisation"

Fresh = Mapping[str, str]
"""Fresh tokens, or session ids, by the recorded ones."""


def login(step: RecordedStep, client: NewClient) -> Request:
    """Make a recorded login. Its credentials were redacted, so its answer decides whether they are right."""
    fields = step.document if is_form(step.media_type) else {}
    refused = step.code == "invalid_client" or (step.code is None and step.status == 401)
    unknown = refused and step.status == 400
    id = UNKNOWN_CLIENT if unknown else client.client_id
    secret = WRONG_SECRET if refused else client.client_secret
    kept = {name: str(value) for name, value in fields.items() if name not in {"client_id", "client_secret"}}
    media_type = step.media_type
    if step.body is None or (step.status == 200 and "grant_type" not in kept):  # not recorded: the best substitute
        kept, media_type = {"grant_type": "client_credentials"}, FORM
    body = urlencode(kept).encode()
    shown = ClientCredentials(id, secret).basic
    return Request(method=step.method, path=step.path, authorization=shown, content_type=media_type, body=body, size=len(body))


def request(step: RecordedStep, tokens: Fresh, sessions: Fresh) -> Request:
    """Make any other recorded request, with the same body length."""
    body = _body(step, sessions).ljust(step.size)
    return Request(
        method=step.method,
        path=step.path,
        authorization=_authorization(step, tokens),
        content_type=step.media_type,
        body=body,
        size=step.size or len(body),
    )


def _authorization(step: RecordedStep, tokens: Fresh) -> str | None:
    shown = step.credential
    match shown.form:
        case "none":
            return None
        case "bearer":
            return f"Bearer {tokens.get(shown.token or '', UNKNOWN_TOKEN)}"
        case "literal":
            return f"Bearer {shown.literal}"
        case "empty":
            return "Bearer "
        case _:
            return "Basic malformed"


def _body(step: RecordedStep, sessions: Fresh) -> bytes:
    """Return the body with a fresh session id, or a similar body if the recording has none."""
    if step.body is None and step.operation != "send":
        return b"{}" if step.size >= 2 else b""
    fresh = None if step.session is None else sessions.get(step.session, step.session)
    if step.body is None:
        id = fresh or "an id that was not recorded"
        return message_body(id, "x" * (step.text_length or 1))
    return step.body if fresh == step.session else msgspec.json.encode({**step.document, SESSION_ID: fresh})
