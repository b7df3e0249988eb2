"""Writes a story as a Python file: a test for pytest, and a script."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.report.exports.shell import comment
from contracts.stories.exports.parts import expected, heading, prologue, steps, variable, words
from contracts.stories.model import CLIENT, Expected, Story
from contracts.stories.plan import Basic, Change, Exchange, Planned, Text, whole_policy

_END = """

if __name__ == "__main__":
    main(test_story)
"""


def render(story: Story) -> str:
    """Return the file, in ASCII; it needs httpx."""
    return "\n".join([*_head(story), *(f"        {line}".rstrip() for line in steps(story, _request, _change))]) + _END


def _head(story: Story) -> Iterator[str]:
    yield "#!/usr/bin/env python3"
    yield from (comment(line).rstrip() for line in heading(story, "python FILE"))
    yield prologue("prologue.py")
    yield ""
    yield f"POLICY = {whole_policy(story)!a}"
    yield ""
    yield ""
    yield 'def test_story(api: str = os.environ.get("DAYFLY_URL", "http://127.0.0.1:8403")) -> None:'
    yield "    with Organization(api, POLICY) as mock:"
    yield f"        id_{CLIENT}, secret_{CLIENT} = mock.client"


def _change(number: int, plan: Planned, sent: Change) -> Iterator[str]:
    yield f"print({words(number, plan.step)!a})"
    made = f"made_{sent.saves} = " if sent.saves is not None else ""
    yield f'{made}mock.world("{sent.method}", {_text(sent.path)}, {dict(sent.body)!a})'
    if sent.saves is not None:
        members = ", ".join(f'made_{sent.saves}["client_{what}"]' for what in ("id", "secret"))
        yield f"id_{sent.saves}, secret_{sent.saves} = {members}"


def _request(number: int, plan: Planned, sent: Exchange) -> Iterator[str]:
    said = words(number, plan.step)
    yield f"# {said}"
    indent = "    " if sent.times > 1 else ""
    if sent.times > 1:
        yield f"for _ in range({sent.times}):"
    yield f"{indent}answer = mock.call("
    yield f"{indent}    {said!a},"
    yield f"{indent}    {sent.method!a},"
    yield f"{indent}    {sent.address!a},"
    yield from (f"{indent}    {option}," for option in _options(sent))
    yield f"{indent})"
    yield f"{indent}expect(answer, {_expected(sent.expected)})"
    if sent.saves is not None:
        gap, member = sent.saves
        yield f'saved_{gap.name} = answer.document["{member}"]'


def _options(sent: Exchange) -> Iterator[str]:
    headers = [] if sent.content_type is None else [f'"Content-Type": {sent.content_type.strip(" ")!a}']
    shown_by = sent.authorization
    if isinstance(shown_by, Basic):
        yield f"auth=({_text(shown_by.id)}, {_text(shown_by.secret)})"
    elif shown_by is not None:
        headers.append(f'"Authorization": {_stripped(shown_by)}')
    yield f"headers={{{', '.join(headers)}}}"
    if sent.body:
        yield f"body={_text(sent.body)}"
    if sent.fill:
        yield f"fill={sent.fill}"


def _stripped(text: Text) -> str:
    """Return a header's value without spaces at its ends, which are not transmitted."""
    return _text(tuple(piece.strip(" ") for piece in text if isinstance(piece, str)) if len(text) == 1 else text)


def _expected(answer: Expected) -> str:
    status, *others = expected(answer)
    named = zip(("code", "reason", "retry_after"), others, strict=False)
    return ", ".join([ascii(status), *(f"{name}={value!a}" for name, value in named if value is not None)])


def _text(text: Text) -> str:
    """Return an expression, with variables in its gaps."""
    return " + ".join(ascii(piece) if isinstance(piece, str) else variable(piece) for piece in text) or "''"
