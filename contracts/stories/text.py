"""Stories and their results for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.report.cells import pad, width, wrap
from contracts.report.style import PLAIN, Look, Style
from contracts.stories.model import AnyStory, Asking
from contracts.stories.run import Outcome, StepResult, StoryResult
from contracts.stories.words import answer_words, step_words

_MARKS: Mapping[Outcome, tuple[str, Look]] = {
    "as expected": ("ok", "green"),
    "different": ("differs", "red"),
    "skipped": ("skipped", "yellow"),
}
_MARK = 9
"""Columns of the word that says how a story ended."""


def listed(stories: Mapping[str, AnyStory], style: Style = PLAIN) -> Iterator[str]:
    """Yield names and titles, a line each."""
    column = max((width(name) for name in stories), default=0) + 2
    for name, story in stories.items():
        yield from style.hang(pad(name, column), story.title)


def shown(name: str, story: AnyStory, style: Style = PLAIN) -> Iterator[str]:
    """Yield a story as steps, each with the expected answer."""
    yield style.paint(style.say(name), "bold")
    yield from style.hang("", story.title)
    yield ""
    if story.summary:
        yield from style.hang("  ", story.summary)
        yield ""
    for note in story.notes:
        yield from style.hang("  note: ", note)
    if story.policy:
        yield from style.hang("  policy: ", ", ".join(f"{key} {value}" for key, value in story.policy.items()))
    for number, step in enumerate(story.steps, start=1):
        answer = answer_words(step.expect) if isinstance(step, Asking) else ""
        yield from _row(number, step, answer, style)


def told(name: str, story: AnyStory, run: StoryResult, style: Style = PLAIN, *, steps: bool = True) -> Iterator[str]:
    """Yield the result of a story: a line, and below it the steps."""
    word, colour = _MARKS[run.outcome]
    line = style.say(f"{name}  {story.title}")
    fits = _MARK + width(line) <= style.width
    yield style.paint(pad(word, _MARK), colour) + (line if fits else style.say(name))
    if not fits:
        yield from style.hang(" " * _MARK, story.title)
    if run.why:
        yield from style.hang(" " * _MARK, run.why)
    if steps or run.outcome == "different":
        for number, result in enumerate(run.steps, start=1):
            yield from _result(number, result, style)


def _result(number: int, result: StepResult, style: Style) -> Iterator[str]:
    step, got = result.step, result.got
    answer = answer_words(got) if got is not None else ""
    if result.as_expected or got is None or not isinstance(step, Asking):
        yield from _row(number, step, answer, style)
        return
    yield from _row(number, step, answer, style, "red")
    again = f" in request {result.asked} of {step.times}" if step.times > 1 else ""
    yield from style.hang(" " * 6, f"expected {answer_words(step.expect)}, got {answer}{again}")


def _row(number: int, step: Any, answer: str, style: Style, *looks: Look) -> Iterator[str]:
    """Yield a step, with its answer at the right if there is room."""
    label = f"{number:>4}  "
    room = style.width - len(label) - (width(answer) + 2 if answer else 0)
    first, *others = wrap(style.say(step_words(step)), max(room, 20))
    line = pad(first, room) + f"  {answer}" if answer else first
    yield style.paint((label + line).rstrip(), *looks)
    yield from (" " * len(label) + other for other in others)
