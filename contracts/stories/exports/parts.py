"""Parts of every script: its heading, and its steps in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from importlib import resources
from typing import Any

from contracts.report.cells import clean, wrap
from contracts.report.style import PLAINER
from contracts.stories.model import AnyStory, Expected
from contracts.stories.plan import Change, Coded, Gap, Planned, PlannedExchange, Text, planned
from contracts.stories.words import step_words, told_as

COLUMNS = 120


def heading(story: AnyStory, run_with: str, url: str) -> Iterator[str]:
    """Yield title, summary, notes and usage as printable lines, without comment signs."""
    for text in (story.title, story.summary, *(f"Note: {note}" for note in story.notes)):
        yield from wrap(clean(text), COLUMNS) if text else ()
    yield ""
    options = f" --platform {story.platform}" if story.platform else ""
    yield f"Runs the story on a mock that was started by: dayfly serve{options}"
    yield f"Run it with: {run_with} [URL]. Without URL, DAYFLY_URL or {url}. Its token is DAYFLY_ADMIN_TOKEN."
    yield "Exit status: 0 every answer was as expected, 1 one was not, 2 that could not be checked."


def words(number: int, step: Any) -> str:
    """Return a step with its number, on one printable line."""
    return clean(f"{number}  {step_words(step)}".translate(PLAINER))


def steps(
    story: AnyStory,
    request: Callable[[int, Planned, PlannedExchange], Iterable[str]],
    change: Callable[[int, Planned, Change], Iterable[str]],
) -> Iterator[str]:
    """Yield the lines of a story's steps, written by `request` and `change`, with an empty line before each."""
    for number, plan in enumerate(planned(story), start=1):
        yield ""
        yield from (
            request(number, plan, plan.sent) if isinstance(plan.sent, PlannedExchange) else change(number, plan, plan.sent)
        )


def prologue(name: str, url: str) -> str:
    """Return the functions at the beginning of every script of a language; `url` is that of the mock."""
    return resources.files("contracts.stories.exports").joinpath(name).read_text("utf-8").replace("{url}", url)


def expected(answer: Expected) -> list[Any]:
    """Return status, code, reason and Retry-After of an expected answer, without those at the end that may be anything."""
    reason = told_as(answer.reason) if answer.reason is not None else None
    wanted = [answer.status, answer.code, reason, answer.retry_after]
    while wanted[-1] is None:
        wanted.pop()
    return wanted


def variable(gap: Gap) -> str:
    """Return the name of the variable with a saved value."""
    name = re.sub(r"\W", "_", gap.name)
    return f"saved_{name}" if gap.what in {"token", "session"} else f"{gap.what}_{name}"


def expression(text: Text, literal: Callable[[str], str], saved: Callable[[Gap], str]) -> str:
    """Return a text as an expression of a language that adds texts by a plus sign; `saved` writes a gap's variable."""

    def piece(one: str | Gap | Coded) -> str:
        if isinstance(one, Coded):
            return f"encoded({expression(one.text, literal, saved)})"
        return literal(one) if isinstance(one, str) else saved(one)

    return " + ".join(map(piece, text)) or "''"
