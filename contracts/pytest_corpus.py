"""Scenario files as tests: each puts the configured client through its scenario.

A saved counterexample is a test of the clause in its name. A file with any other name is a test of all clauses.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.clients.target import find
from contracts.errors import ContractsError
from contracts.pytest_records import keep
from contracts.report.model import Ending, Report
from contracts.scenario import Played
from contracts.verify import ContractViolated, Options
from contracts.verify.errors import violation
from contracts.verify.names import from_root
from contracts.verify.platforms import judged_platform
from contracts.verify.subject import Subject, of_command, of_factory


class CorpusTarget:
    """The client, which a factory or a command names, and the options to judge it by.

    `socket`: it opens connections of its own. `platform` is a declared platform.
    """

    def __init__(
        self, factory: str | None, command: str | None, options: Options, *, socket: bool, root: Path, platform: str | None
    ) -> None:
        self.factory, self.command, self.options, self.socket, self.root = factory, command, options, socket, root
        self.judged = judged_platform(platform)

    def replay(self, scenario: Any, path: Path) -> Report:
        """Put the client through a scenario. A saved counterexample is a test of the clause in its name."""
        code = path.name.partition("-")[0].replace(".", "/")
        options = replace(self.options, clauses=(code,) if code in self.judged.codes else ())
        return self._subject().judged(partial(self.judged.replay, scenario=scenario, options=options))

    def _subject(self) -> Subject:
        if self.factory is None:
            return of_command(str(self.command), {}, {})
        name = from_root(self.factory, self.root)
        return of_factory(find(self.factory), name, None, {}, socket=self.socket, methods=self.judged.methods)


class ScenarioFile(pytest.File):
    """A file of the corpus."""

    def __init__(self, *, target: CorpusTarget, **given: Any) -> None:
        super().__init__(**given)
        self.target = target

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield the one test in the file. Raises CollectError if it is not a scenario."""
        try:
            scenario = self.target.judged.load(self.path)
        except ContractsError as error:
            raise self.CollectError(str(error)) from error
        yield ScenarioItem.from_parent(self, name="replay", scenario=scenario)


class ScenarioItem(pytest.Item):
    """A test that the client keeps the contract in this scenario."""

    def __init__(self, *, scenario: Played, **given: Any) -> None:
        super().__init__(**given)
        self.scenario = scenario

    def runtest(self) -> None:
        """Put the client through it. Raises ContractViolated and other ContractsErrors. A known failure ends as xfailed."""
        assert isinstance(self.parent, ScenarioFile)
        report = self.parent.target.replay(self.scenario, self.path)
        keep(self, report)
        if report.failed:
            raise violation(report)
        if report.exit_status() != 0:
            pytest.skip("the scenario puts no clause to the test")
        for result in report.with_ending(Ending.EXPECTED):
            pytest.xfail(f"{result.code} {result.name}: {result.words}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the report without the traceback through this file."""
        if isinstance(excinfo.value, ContractViolated | ContractsError):
            return str(excinfo.value).strip()
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the test's file and name."""
        return self.path, 0, f"{self.path.stem}: {self.scenario.title}" if self.scenario.title else self.path.stem
