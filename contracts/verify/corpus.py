"""Counterexamples that are kept in a directory: tried first in the next run, and removed when they have become history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from contracts import scenario as scenarios
from contracts.errors import ScenarioError
from contracts.report.model import ClauseResult
from contracts.scenario import Scenario

Holds = Callable[[str, Scenario], bool]
"""Whether a clause holds in a scenario, each time it is run again."""

_OURS = re.compile(r"([A-Z]\d+)-([0-9a-f]{8})\.json")


class Corpus:
    """The scenarios in `directory`, as `target` is put through them."""

    def __init__(self, directory: Path, target: str) -> None:
        """Reads them. Raises ScenarioError at the first file that is not one, and where nothing can be kept in `directory`."""
        self._directory, self._target = directory, target
        self._unkept: list[str] = []
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ScenarioError(str(directory), "$", error.strerror or str(error)) from error
        self._kept = list(scenarios.corpus(directory))

    @property
    def scenarios(self) -> list[Scenario]:
        """What is kept, without what was noted of how it was found."""
        return [scenarios.bare(kept) for _, kept in self._kept]

    @property
    def unkept(self) -> tuple[str, ...]:
        """What could not be written so far, or removed, and why."""
        return tuple(self._unkept)

    def save(self, results: Iterable[ClauseResult]) -> tuple[ClauseResult, ...]:
        """The results, each counterexample with the file it was saved in; with none where that could not be written."""
        return tuple(map(self._save, results))

    def prune(self, codes: Sequence[str], holds: Holds) -> tuple[str, ...]:
        """Removes what no longer fails, and tells the files that are gone.

        Only files that this client's own counterexamples were written to, unchanged since, to clauses among `codes`.
        """
        ours = [(path, kept, self._clause_of(path, kept)) for path, kept in self._kept]
        mended = [path for path, kept, code in ours if code in codes and holds(code, scenarios.bare(kept))]
        return tuple(str(path) for path in mended if self._removed(path))

    def _removed(self, path: Path) -> bool:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self._unkept.append(f"{path}: cannot be removed: {error.strerror or error}")
            return False
        return True

    def _clause_of(self, path: Path, kept: Scenario) -> str:
        """The clause that the file is a counterexample to, where this client was written into it and nobody else did more."""
        name = _OURS.fullmatch(path.name)
        is_ours = name is not None and name.group(2) == scenarios.digest(kept) and kept.client == self._target
        return name.group(1) if name is not None and is_ours else ""

    def _save(self, result: ClauseResult) -> ClauseResult:
        found = result.counterexample
        if found is None or found.scenario is None:
            return result
        noted = replace(found.scenario, title=found.message, client=self._target)
        try:
            path = scenarios.save(noted, self._directory, result.code)
        except ScenarioError as error:
            self._unkept.append(str(error))
            return result
        return replace(result, counterexample=replace(found, file=str(path)))
