"""Errors of stories."""

from __future__ import annotations

from contracts.errors import ContractsError


class StoryError(ContractsError):
    """A story that cannot be used. `source` names its origin, `place` the faulty part, such as `$.steps[2].session`."""

    def __init__(self, source: str, place: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}" if place == "$" else f"{source}: {place}: {problem}")
        self.source, self.place, self.problem = source, place, problem


class UnknownStory(ContractsError):
    """The name of the story is unknown; `near` are similar names."""

    def __init__(self, name: str, near: list[str]) -> None:
        hint = f"did you mean {' or '.join(near)}?" if near else "`dayfly stories list` shows the names"
        super().__init__(f"there is no story {name!r}, and no file of that name; {hint}")
        self.name, self.near = name, near
