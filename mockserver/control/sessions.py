"""An organisation's sessions: reading them, and ending them from outside."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import islice

from msgspec import Struct

from mockserver.control import checks
from mockserver.control.records import SESSIONS, Records, revoke
from mockserver.engine import life
from mockserver.engine.decide import state_of
from mockserver.engine.model import Credential, State
from mockserver.ids import redact_tokens
from mockserver.journal import Guest


class SessionView(Struct, frozen=True, kw_only=True):
    """A session at the moment it was read. Times are seconds since the epoch; `ended_at` is None while it is active."""

    id: str
    client_id: str
    state: State
    guest: Guest
    created: float
    last_activity: float
    idle_at: float
    expires_at: float
    ended_at: float | None
    handshakes_left: int


class SessionSurvey(Struct, frozen=True, kw_only=True):
    """All sessions at the moment `now`: the number in each state, and the newest of those asked for, newest first.

    `more` says whether there are older ones.
    """

    now: float
    counts: dict[State, int]
    sessions: list[SessionView]
    more: bool
    before: str = ""
    """Where the next page begins: pass it to `survey` as `before`."""


class SessionPage(Struct, frozen=True, kw_only=True):
    """Some of the sessions at the moment `now`. `next` is where the next page begins, None if this is the last."""

    now: float
    sessions: list[SessionView]
    next: str | None


class Sessions:
    """One organisation's sessions, without those it has forgotten."""

    def __init__(self, editor: Records) -> None:
        self._editor = editor

    def list(self, state: str | None = None, guest: str | None = None, limit: int = 100, after: str = "") -> list[SessionView]:
        """Return up to `limit` sessions in order of creation, after the id `after`; `guest` is a name or an email address."""
        return self.page(state, guest, limit, after).sessions

    def page(self, state: str | None = None, guest: str | None = None, limit: int = 100, after: str = "") -> SessionPage:
        """Return a page of sessions and where the next one begins, which stays valid if its last session is forgotten."""
        wanted, most = None if state is None else checks.state(state), checks.limit(limit)
        now, first = self._editor.now(), self._editor.place(SESSIONS, after)
        placed = self._editor.placed(SESSIONS, first)
        views = ((place, self._view(session, now)) for place, session in placed if is_of(session, guest))
        found = list(islice(((place, view) for place, view in views if wanted in {None, view.state}), most))
        following = str(found[-1][0]) if len(found) == most else None
        return SessionPage(now=now / 1000, sessions=[view for _, view in found], next=following)

    def survey(self, state: str | None = None, guest: str | None = None, limit: int = 100, before: str = "") -> SessionSurvey:
        """Count all sessions by state, and list up to `limit` of those in `state`, newest first.

        Listed are those whose guest's name or address contains `guest`, created before the session `before`, or before the end
        of the last page.
        """
        wanted, most = None if state is None else checks.state(state), checks.limit(limit)
        now, counts = self._editor.now(), dict.fromkeys(State, 0)
        end = self._editor.place(SESSIONS, before, "before") or checks.LAST_PLACE
        newest = deque[tuple[int, Credential]](maxlen=most + 1)
        for place, session in self._editor.placed(SESSIONS):
            current = state_of(session, now)
            counts[current] += 1
            if place < end and wanted in {None, current} and _mentions(session, guest):
                newest.append((place, session))
        shown = list(reversed(newest))[:most]
        return SessionSurvey(
            now=now / 1000,
            counts=counts,
            sessions=[self._view(session, now) for _, session in shown],
            more=len(newest) > most,
            before=str(shown[-1][0]) if shown else "",
        )

    def get(self, id: str) -> SessionView:
        """Return one session. Raises NotFound, also if it was forgotten."""
        return self._view(self._editor.get(SESSIONS, id), self._editor.now())

    def expire(self, id: str) -> SessionView:
        """Expire an active session now. Journalled as `expire_session`."""
        return self._end(id, life.expire, "expire_session")

    def revoke(self, id: str) -> SessionView:
        """Revoke an active session. Journalled as `revoke_session`."""
        return self._end(id, revoke, "revoke_session")

    def end_all(self) -> int:
        """Revoke every active session and return how many there were. Journalled as `end_sessions`."""
        return self._editor.change_all(SESSIONS, revoke, "end_sessions")

    def _view(self, session: Credential, now: int) -> SessionView:
        return view_of(session, now, self._editor.platform.hide)

    def _end(self, id: str, edit: Callable[[Credential, int], Credential], what: str) -> SessionView:
        return self._view(self._editor.change(SESSIONS, id, edit, what, {"session": id}), self._editor.now())


def is_of(session: Credential, guest: str | None) -> bool:
    """Return whether `guest` is the name or email address of the session's guest. None matches every session."""
    return guest is None or guest.casefold() in {part.casefold() for part in session.parts}


def _mentions(session: Credential, guest: str | None) -> bool:
    return guest is None or guest.casefold() in "\n".join(session.parts).casefold()


def view_of(session: Credential, now: int, hide: Callable[[str], str] = redact_tokens) -> SessionView:
    """Return the session as it is at `now` (milliseconds); `hide` redacts secrets in the guest's name and address."""
    end = life.end_of(session)
    return SessionView(
        id=session.id,
        client_id=session.within,
        state=state_of(session, now),
        guest=Guest(*map(hide, session.parts)),
        created=session.issued_at / 1000,
        last_activity=session.last_used / 1000,
        idle_at=session.idle_at / 1000,
        expires_at=session.expires_at / 1000,
        ended_at=end.at / 1000 if now >= end.at else None,
        handshakes_left=session.left or 0,
    )
