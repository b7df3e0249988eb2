"""What every script is made of: its top, and its steps in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import resources

from contracts.report.cells import wrap
from contracts.report.exports.shell import shown
from contracts.report.style import Style
from contracts.stories.model import Step, Story
from contracts.stories.plan import Change, Exchange, Planned, planned
from contracts.stories.words import step_words

COLUMNS = 120


def heading(story: Story, run_with: str) -> Iterator[str]:
    """Title, summary, notes and how the script is run: lines of ASCII, without the sign of a comment."""
    for text in (story.title, story.summary, *(f"Note: {note}" for note in story.notes)):
        yield from wrap(shown(text), COLUMNS) if text else ()
    yield ""
    yield "Puts the story on a mock that was started by: dayfly serve"
    yield f"Run it with: {run_with} [URL]. The URL is DAYFLY_URL too, else http://127.0.0.1:8403; DAYFLY_ADMIN_TOKEN its token."
    yield "Exit status: 0 every answer was as expected, 1 one was not, 2 it could not be told."


def words(number: int, step: Step) -> str:
    """A step with its number, on one line of ASCII."""
    return Style(unicode=False).say(f"{number}  {step_words(step)}")


def steps(
    story: Story,
    request: Callable[[int, Planned, Exchange], Iterable[str]],
    change: Callable[[int, Planned, Change], Iterable[str]],
) -> Iterator[str]:
    """The lines of a story's steps, as `request` and `change` write one, an empty line before each."""
    for number, plan in enumerate(planned(story), start=1):
        yield ""
        yield from request(number, plan, plan.sent) if isinstance(plan.sent, Exchange) else change(number, plan, plan.sent)


def prologue(name: str) -> str:
    """The functions that every script of a language begins with."""
    return resources.files("contracts.stories.exports").joinpath(name).read_text("utf-8")
