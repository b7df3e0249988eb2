"""HTML that cannot be broken out of: whatever is put into an element as text stays text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from contracts.report.cells import clean, coded

VOID = frozenset({"meta", "path", "line"})
"""Elements without content, which are not closed."""


class Markup(str):
    """A piece of HTML that was made here."""

    __slots__ = ()


Content: TypeAlias = "str | Markup | Iterable[Content] | None"
"""What an element holds: text, elements, nothing, or several of these."""


def element(tag: str, /, *content: Content, **attributes: str | bool | None) -> Markup:
    """An element. An attribute that is True stands without a value, one that is False or None is left out; `class_` and `for_`
    are `class` and `for`, and underscores are hyphens."""
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    start = f"<{tag}{shown}>"
    return Markup(start if tag in VOID else f"{start}{inside(content)}</{tag}>")


def prose(text: str) -> Content:
    """A sentence of ours, with `names` in backticks as code. Backticks within a quoted value are that value's own."""
    return [element("code", piece) if is_code else piece for is_code, piece in coded(text)]


def inside(content: Content) -> Markup:
    """Content as HTML. Text is shown as reports show it: with all that does not print, or turns text round, escaped."""
    match content:
        case None:
            return Markup("")
        case Markup():
            return content
        case str():
            return Markup(escape("\n".join(clean(line) for line in content.split("\n"))))
        case _:
            return Markup("".join(map(inside, content)))


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    shown = name.rstrip("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(clean(str(value)))}"'
