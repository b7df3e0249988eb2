"""Errors of stories."""

from __future__ import annotations

from contracts.errors import ContractsError


class StoryError(ContractsError):
    """A story cannot be used; `source` names where it came from, `place` what in it is wrong, as in `$.steps[2].session`."""

    def __init__(self, source: str, place: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}" if place == "$" else f"{source}: {place}: {problem}")
        self.source, self.place, self.problem = source, place, problem


class UnknownStory(ContractsError):
    """There is no story of this name; `near` are those that are called almost so."""

    def __init__(self, name: str, near: list[str]) -> None:
        hint = f"did you mean {' or '.join(near)}?" if near else "`dayfly stories list` has their names"
        super().__init__(f"there is no story {name!r}, and no file of that name; {hint}")
        self.name, self.near = name, near
