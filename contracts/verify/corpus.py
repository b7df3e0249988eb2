"""Counterexamples saved in a directory: they are tried first in the next run, and removed once they no longer fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Generic

from msgspec.structs import replace

from contracts import scenario as scenarios
from contracts.errors import ScenarioError
from contracts.judge import Status
from contracts.report.model import ClauseResult
from contracts.scenario import P

_OURS = re.compile(r"([A-Z]\d+(?:\.\S+)?)-([0-9a-f]{8})\.json")

_STAYS = {
    Status.VIOLATED: "the client still violates {} in it",
    Status.INCONCLUSIVE: "{} could not be judged in it",
    Status.NOT_EXERCISED: "it no longer tests {}; delete it if the client no longer works that way",
}


class Corpus(Generic[P]):
    """The scenarios in `directory`, for `target`, which `load` reads."""

    def __init__(self, directory: Path, target: str, load: Callable[[Path], P]) -> None:
        """Read them. Raises ScenarioError at the first file that is not valid, and if `directory` cannot be made."""
        self._directory, self._target = directory, target
        self._unkept: list[str] = []
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ScenarioError(str(directory), "$", error.strerror or str(error)) from error
        self._kept = list(scenarios.corpus(directory, load))

    @property
    def scenarios(self) -> list[P]:
        """The saved scenarios, without the notes on how they were found."""
        return [scenarios.bare(kept) for _, kept in self._kept]

    @property
    def unkept(self) -> tuple[str, ...]:
        """The files that could not be written or removed so far, with the reasons."""
        return tuple(self._unkept)

    def save(self, results: Iterable[ClauseResult]) -> tuple[ClauseResult, ...]:
        """Save the counterexamples, and return the results with the files; without a file if it could not be written."""
        return tuple(map(self._save, results))

    def prune(self, codes: Sequence[str], seen: Callable[[str, P], Status]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Remove counterexamples whose clause is `seen` to hold each time it is run again.

        Only unchanged counterexamples of this client, to clauses among `codes`, are removed. Return the removed files, and a
        line for each that stays.
        """
        removed, stays = [], []
        for path, kept in self._kept:
            name = _OURS.fullmatch(path.name)
            code = name.group(1).replace(".", "/") if name is not None and kept.client == self._target else ""
            if name is None or code not in codes:
                continue
            if name.group(2) != scenarios.digest(kept):
                stays.append(f"{path} stays, because it was changed since it was saved")
            elif (status := seen(code, scenarios.bare(kept))) is not Status.HELD:
                stays.append(f"{path} stays, because {_STAYS[status].format(code)}")
            elif self._removed(path):
                removed.append(str(path))
        return tuple(removed), tuple(stays)

    def _removed(self, path: Path) -> bool:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self._unkept.append(f"{path}: cannot be removed: {error.strerror or error}")
            return False
        return True

    def _save(self, result: ClauseResult) -> ClauseResult:
        found = result.counterexample
        if found is None or found.scenario is None:
            return result
        noted = scenarios.changed(found.scenario, title=found.message, client=self._target)
        try:
            path = scenarios.save(noted, self._directory, result.code)
        except ScenarioError as error:
            self._unkept.append(str(error))
            return result
        return replace(result, counterexample=replace(found, file=str(path)))
