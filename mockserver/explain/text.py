"""An explanation as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap

from mockserver.explain.model import ExplainedRequest, Explanation, GuardVerdict, LifeEvent, SentAnswer, SessionLife
from mockserver.explain.words import person, plain

MOST_EVENTS = 24
"""The most lines of a session's life to show. The JSON has all of them."""

_KNOWN = {
    "remembered": "",
    "rebuilt": " (forgotten by the store; rebuilt from the journal, with deadlines by the current policy)",
    "forgotten": " (issued by this mock, but forgotten)",
    "never issued": " (never issued by this mock)",
}


def to_text(told: Explanation, width: int = 80) -> str:
    """Return the explanation in lines of at most `width` columns. Only a longer id or path may exceed that."""
    lines: list[str] = []
    for block in _blocks(told, width):
        lines.extend([*block, ""])
    return "\n".join(lines[:-1]) + "\n"


def _blocks(told: Explanation, width: int) -> Iterator[list[str]]:
    yield [*_headline(told), f"contextId {told.context_id}"]
    yield _folded(told.summary, width)
    yield _section("Asked", _asked(told.asked, names_client=not told.credentials), width)
    if told.answer is not None:
        yield _section("Answered", _given(told.answer), width)
    if told.guards:
        yield _section("Guards, in order", _guards(told.guards), width)
    if told.session is not None:
        yield [f"Session {plain(told.session.id)}"[:1000], *_life(told.session, told.asked.time, width)]
    for one in told.credentials:
        yield [*_folded(f"{one.noun} {plain(one.id)}: {one.state}", width), *_events(one.events, told.asked.time, width)]
    if told.accepted_if is not None:
        missed = [f"Missed: {told.missed}"] if told.missed else []
        yield _section("What would have been accepted", [told.accepted_if, *missed], width)
    if told.advice:
        yield _section("What to do", [f"- {line}" for line in told.advice], width)


def _headline(told: Explanation) -> Iterator[str]:
    yield f"{told.answer.status} {_reason(told.answer)}" if told.answer is not None else "no answer"
    yield f"{told.asked.method} {plain(told.asked.path)}"


def _guards(guards: tuple[GuardVerdict, ...]) -> Iterator[str]:
    """Yield one line for each run of guards with the same verdict."""
    for verdict, same in groupby(guards, key=lambda guard: guard.verdict):
        yield f"{', '.join(guard.name for guard in same)}: {verdict}"


def _asked(asked: ExplainedRequest, *, names_client: bool) -> Iterator[str]:
    yield f"at {asked.time}" + (f", by {_by(asked)}" if names_client else "")
    if asked.text is not None:
        yield f'text: "{plain(asked.text)}"'
    if asked.body is not None:
        yield f"body: {plain(asked.body)}"
    if asked.guest is not None:
        yield f"guest: {plain(person(asked.guest))}"
    if asked.session is not None:
        yield f"session: {plain(asked.session)}"
    if asked.traceparent is not None:
        yield f"traceparent: {plain(asked.traceparent)}"


def _by(asked: ExplainedRequest) -> str:
    credential = asked.credential
    shown = f"token {credential.token}" if credential.token else f"credential: {credential.form}"
    return f"OAuth client {plain(asked.client_id)} ({shown})" if asked.client_id else shown


def _reason(answer: SentAnswer) -> str:
    """Return the reason that was sent, with the platform's own if that differs."""
    if answer.failure in {None, answer.reason}:
        return answer.reason
    return f"{answer.failure} (the platform: {answer.reason})"


def _given(answer: SentAnswer) -> Iterator[str]:
    code = f", code {answer.code}" if answer.code else ""
    yield f"{answer.status}{code}, reason {_reason(answer)}, after {answer.duration:g} s"
    if answer.message:
        yield f"message: {plain(answer.message)}"
    if answer.retry_after is not None:
        yield f"Retry-After: {answer.retry_after}"
    if answer.fault:
        yield f"fault: {answer.fault}"
    if answer.delivery != "complete":
        yield f"delivery: {answer.delivery.replace('_', ' ')}; the client did not get all of this answer"


def _life(life: SessionLife, asked: str, width: int) -> Iterator[str]:
    note = _KNOWN[life.known]
    if note:
        yield from _folded(note.strip(), width, "  ")
    yield from _events(life.events, asked, width)


def _events(events: tuple[LifeEvent, ...], asked: str, width: int) -> Iterator[str]:
    dated = any(event.time[:10] != asked[:10] for event in events)
    for event in events if len(events) <= MOST_EVENTS else _around_this(events):
        yield from _event(event, dated, width)
    if len(events) > MOST_EVENTS:
        yield f"  ({len(events) - MOST_EVENTS} more in the JSON)"


def _around_this(events: tuple[LifeEvent, ...]) -> list[LifeEvent]:
    """Return the first events, and those around the request that is explained."""
    half = MOST_EVENTS // 2
    place = next((place for place, event in enumerate(events) if event.this), 0)
    start = min(max(half, place - half // 2), len(events) - half)
    return [*events[:half], *events[start : start + half]]


def _event(event: LifeEvent, dated: bool, width: int) -> list[str]:
    clock = event.time[:19].replace("T", " ") if dated else event.time[11:23]
    after = f"{event.after:+.3f} s" if event.after is not None else ""
    mark = ">" if event.this else " "
    head = f"{mark} {clock} {after:>13}  "
    body = plain(event.what) + (" (this request)" if event.this else "")
    return wrap(body, width, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)


def _section(title: str, lines: Iterator[str] | list[str], width: int) -> list[str]:
    return [title, *(folded for line in lines for folded in _folded(line, width, "  "))]


def _folded(text: str, width: int, indent: str = "") -> list[str]:
    hanging = indent + ("  " if text.startswith("- ") else "")
    return wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
