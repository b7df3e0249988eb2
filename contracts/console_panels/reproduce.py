"""A refused request as the smallest story that is refused in the same way, and as scripts."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import flask
from flask import Response

from contracts.console_panels.remember import Memory
from mockserver.control import Control, Tenant
from mockserver.control.requests import RecordedRequest
from mockserver.errors import MockServerError, NotFound
from mockserver.web.admin.answers import answer, error

if TYPE_CHECKING:
    from markupsafe import Markup

    from contracts.stories.model import AnyStory
    from mockserver.explain import Explanation

_log = logging.getLogger("dayfly")

REMEMBERED = 64
"""Requests whose story is remembered in this process: finding one may take a second, and the past of a request is fixed."""


class StoryScript(NamedTuple):
    """The story in a language; `text` is ASCII."""

    kind: str
    title: str
    file: str
    command: str
    text: str


class SearchResult(NamedTuple):
    """The result of a search: a story, or `why` there is none."""

    story: AnyStory | None
    why: str = ""

    @property
    def reason(self) -> str:
        """The reason of the refusal."""
        from contracts.stories.model import Asking

        last = self.story.steps[-1] if self.story is not None else None
        return (last.expect.reason or "refused") if isinstance(last, Asking) else "refused"


class Reproductions:
    """Finds stories, and shows them."""

    def __init__(self, control: Control, platform: str = "") -> None:
        """`platform` is the name or file of a declared one."""
        self._control, self._platform = control, platform
        self._memory: Memory[SearchResult] = Memory(REMEMBERED)

    def panel(self, tenant: Tenant, recorded: RecordedRequest, _: Explanation) -> Markup | None:
        """Return the panel on a request's page; None if the request was not refused."""
        from markupsafe import Markup

        from mockserver.web.console.layout import address_of

        exchange = recorded.exchange
        if exchange.status is None and exchange.reason is None:
            return None
        if exchange.status == 200 and exchange.delivery == "complete":
            return None
        found = self._find(tenant, exchange.context_id)
        place = {"id": address_of(tenant.id), "context_id": exchange.context_id}
        shown: dict[str, Any] = {**place, "why": found.why, "steps": [], "scripts": [], "story": None}
        if found.story is not None:
            shown |= {"steps": list(_steps(found.story)), "scripts": _scripts(found), "story": found.story}
        return Markup(flask.render_template("panels/reproduce.html", **shown))

    def download(self, id: str, context_id: str, kind: str) -> Response:
        """Return a script as a file."""
        found = self._find(self._control.tenant(id), context_id)
        script = next((one for one in _scripts(found) if one.kind == kind), None)
        if script is None:
            raise NotFound("request", context_id, found.why or f"there is no script of the kind {kind}")
        told = {"Content-Disposition": f'attachment; filename="{script.file}"'}
        return Response(script.text, headers=told, mimetype="text/plain")

    def as_json(self, id: str, context_id: str) -> Response:
        """Return the story, its steps in words, and its scripts; 409 if no story was found.

        The scripts are for the mock at the parameter `url`: a client may reach it by another address than its own.
        """
        from contracts.stories.codec import document
        from contracts.stories.exports import is_usable

        url = flask.request.args.get("url")
        if url is not None and not is_usable(url):
            return error(400, "is not the URL of a mock, such as https://mock.example.org/prefix", "url")
        found = self._find(self._control.tenant(id), context_id)
        if found.story is None:
            return error(409, found.why)
        written = {script.kind: script.text for script in _scripts(found, url) if script.kind != "json"}
        steps = [{"step": words, "answer": got} for words, got in _steps(found.story)]
        return answer({"story": document(found.story), "steps": steps, "notes": found.story.notes, "scripts": written})

    def _find(self, tenant: Tenant, context_id: str) -> SearchResult:
        return self._memory.get((tenant.id, context_id), lambda: self._search(tenant, context_id))

    def _search(self, tenant: Tenant, context_id: str) -> SearchResult:
        if not self._platform:
            from contracts.replay.minimize import distil

            return _find(context_id, lambda: distil(tenant, context_id))
        from contracts.replay.minimize import distil_declared
        from mockserver.declared.assembly import DeclaredAssembly
        from mockserver.declared.past import past_of

        parts = self._control.assembly
        assert isinstance(parts, DeclaredAssembly)
        return _find(context_id, lambda: distil_declared(past_of(parts.mock), context_id, self._platform))


def _find(context_id: str, search: Callable[[], AnyStory]) -> SearchResult:
    from contracts.replay.minimize import NotReproduced

    try:
        return SearchResult(search())
    except NotReproduced as problem:
        return SearchResult(None, problem.why)
    except MockServerError:
        raise
    except Exception as problem:  # the page shows more than this
        _log.error("%s cannot be reproduced: %s", context_id, problem, exc_info=problem)
        return SearchResult(None, "the search for it failed; the server's log says how")


def _steps(story: AnyStory) -> Any:
    from contracts.stories.model import Asking
    from contracts.stories.words import answer_words, step_words

    return ((step_words(step), answer_words(step.expect) if isinstance(step, Asking) else "") for step in story.steps)


def _scripts(found: SearchResult, url: str | None = None) -> list[StoryScript]:
    """Return the story in every language, for the mock at `url`, or where the request has found it; empty without a story.

    The files are named by the reason.
    """
    from contracts.stories.exports import KINDS, command, render

    if found.story is None:
        return []
    made, address = list[StoryScript](), url or flask.request.host_url.rstrip("/")
    for name, kind in KINDS.items():
        file = found.reason.replace(".", "-") + kind.suffix
        written, run = render(found.story, name, address), command(found.story, name, file, address)
        made.append(StoryScript(name, kind.title, file, run, written))
    return made
