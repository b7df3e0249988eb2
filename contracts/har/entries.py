"""Writes recorded requests as entries of a trace, without their secrets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from contracts.har import secrets
from contracts.har.requests import KEPT_TEXT, HarRequest, expires_in, retry_after
from contracts.har.survey import Findings
from mockserver.ids import digest
from mockserver.journal import SESSION_ID, Answer, Arrival, Returned, SessionChange, ShownCredential
from mockserver.wire.credentials import place_of


class Writer:
    """Writes the entries of the requests that are `kept`."""

    def __init__(self, kept: Sequence[HarRequest], found: Findings) -> None:
        self._found = found
        self._secrets = set[str]().union(*(secrets.of_request(one.authorization, one.sent, one.got) for one in kept))
        self._issued = {one.created for one in kept}
        self._may_be_issued = any(one.is_call and one.operation == "create" and one.got_lacks for one in kept)
        self._contexts = _contexts(kept)

    def arrival_of(self, one: HarRequest, seq: int, at: int) -> Arrival:
        """Return the arrival of a request."""
        hidden = secrets.HarRedactor(self._secrets)
        hidden.raw(one.prefix)
        path = hidden.raw(one.path + ("?" + one.query if one.query else ""))
        in_url, hidden.found = hidden.found, False
        body, text = self._shown_body(one, hidden)
        shown = self._credential(one)
        places = [*(["url"] if in_url else []), *(["body"] if hidden.found else [])]
        places += [place_of(name) for name, value in one.others if hidden.is_in(value)]
        return Arrival(
            seq=seq,
            at=at,
            context_id=self._contexts[one.number],
            method=one.method,
            path=path,
            operation=one.operation,
            credential=replace(shown, seen_in=(*shown.seen_in, *places)),
            media_type=one.media_type,
            size=one.size,
            body=body,
            text=text,
            truncated=one.body is None or self._is_masked(one),
            keys={name: digest(value) for name, value in one.others if "idempoten" in name},
        )

    def return_of(self, one: HarRequest, seq: int, at: int) -> Answer | Returned:
        """Return the answer to a request, or that there was none."""
        if one.status is None:
            return Returned(seq, at, self._contexts[one.number], answered=False)
        token = self._token(one)
        issued = None if self._is_masked(one) else one.created
        return Answer(
            seq=seq,
            at=at,
            context_id=self._contexts[one.number],
            status=one.status,
            reason=one.headers.get("dayfly-reason") or one.told("code") or "",
            code=one.told("code") or one.told("error"),
            accepted=_accepted(one),
            acted=at,
            delivery="complete" if one.whole else "truncated",
            body=UNSET if one.got is UNSET else secrets.HarRedactor(self._secrets).value(one.got),
            retry_after=retry_after(one, at),
            session=self._session(one),
            issued=issued,
            token=token,
            token_expires_in=expires_in(one) if token is not None else None,
        )

    def _is_masked(self, one: HarRequest) -> bool:
        return one.number in self._found.masked

    def _shown_body(self, one: HarRequest, hidden: secrets.HarRedactor) -> tuple[Any, str | None]:
        """Return the decoded body, or the beginning of one that cannot be decoded.

        A login's form may carry the secret, which is not a leak. An unknown body is different in each request, so that two
        unknown ones do not count as the same.
        """
        if one.body is None:
            return UNSET, f"[the body of entry {one.number} {one.lacks}]"
        if not one.body:
            return UNSET, None
        if one.sent is UNSET:
            return UNSET, hidden.raw(one.body[:KEPT_TEXT].decode("utf-8", "backslashreplace"))
        shown = hidden.value(one.sent)
        if one.operation == "token":
            hidden.found = False
        if self._is_masked(one) and isinstance(shown, dict):
            shown = {name: value for name, value in shown.items() if name != SESSION_ID}
            shown[f"{SESSION_ID} (masked)"] = f"entry {one.number}"
        return shown, None

    def _credential(self, one: HarRequest) -> ShownCredential:
        """Return the credential of a request. A token that a tool has removed is different from all others."""
        shown = secrets.credential_of(one.authorization)
        if not self._found.sanitized and shown.token not in self._found.masked_tokens:
            return shown
        if one.operation == "token":
            return ShownCredential("basic", seen_in=("header",))
        return ShownCredential("bearer", token=f"unknown {one.number}", seen_in=("header",))

    def _token(self, one: HarRequest) -> str | None:
        """Return the pseudonym of the token that was issued; a unique one if the token is masked."""
        token = one.logged_in
        if token is None:
            return None
        name = secrets.name_of(token)
        return f"unknown {one.number}" if name in self._found.masked_tokens else name

    def _session(self, one: HarRequest) -> SessionChange | None:
        """Return the session that a request is about, if the recording shows that there is one."""
        if self._is_masked(one):
            return None
        created = one.created
        if created is not None:
            return SessionChange(created)
        id = one.presented
        known = id in self._issued or self._may_be_issued or _accepted(one)
        return SessionChange(secrets.HarRedactor(self._secrets).text(id)) if id is not None and known else None


def _accepted(one: HarRequest) -> bool:
    return one.is_call and one.operation == "send" and one.status == 200


def _contexts(kept: Sequence[HarRequest]) -> dict[int, str]:
    """Return the name of each request in the trace, by its number: its contextId if that is unique."""
    told = {one.number: one.headers.get("inin-correlation-id") or one.told("contextId") or "" for one in kept}
    often = Counter(told.values())
    return {number: id if id and often[id] == 1 else f"entry {number}" for number, id in told.items()}
