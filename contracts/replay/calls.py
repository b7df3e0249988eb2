"""The calls of a declared platform's client in a run, as a story: what it showed, the answers that came, and the faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.history import Call
from contracts.protocol.history import DeclaredHistory, history_of
from contracts.protocol.trace import DeclaredTrace, Happened, TraceExchange
from contracts.protocol.wire import operation_of
from contracts.replay.earlier import fault_of
from contracts.replay.minimize.names import fresh
from contracts.replay.recording import RecordingError
from contracts.scenario import Advance
from contracts.stories.declared import Ask, DeclaredStory, End, Step, Strike
from contracts.stories.model import Expected
from contracts.stories.names import escaped
from contracts.stories.run import run
from contracts.stories.stage import MockInProcess
from mockserver.platform.message import HttpMessage
from mockserver.platform.model import Operation, Platform
from mockserver.platform.places import parse, reader


def story_of(platform: Platform, trace: DeclaredTrace, named: str, title: str) -> DeclaredStory:
    """Return the calls of a run as a story, which has been run. Raises RecordingError if other answers come then."""
    steps = tuple(_Steps(platform, history_of(platform, trace)).steps())
    story = DeclaredStory(title=title[:500], steps=steps, platform=named)
    told = run(story, MockInProcess(platform))
    if told.outcome != "as expected":
        where = f"step {len(told.steps)} of {len(steps)} is answered {told.steps[-1].got}"
        raise RecordingError(named, f"what the client did depends on more than its requests: {where}; emit pytest instead")
    return story


class _Steps:
    """Translates calls to steps. `_names` are those under which answers are saved, by kind and id."""

    def __init__(self, platform: Platform, history: DeclaredHistory) -> None:
        self._platform, self._history = platform, history
        self._names: dict[tuple[str, str], str] = {}

    def steps(self) -> Iterator[Step]:
        """Yield the calls and the changes between them, in order."""
        moments: list[tuple[float, int, Call | Happened]] = [(one.left, one.left_at, one) for one in self._history.calls]
        moments += [(one.place, one.at, one) for one in self._history.trace.events if one.what != "advance"]
        now: int | None = None
        for _, at, one in sorted(moments, key=lambda moment: moment[0]):
            if now is not None and at > now:
                yield Advance((at - now) / 1000)
            now = at
            if isinstance(one, Call):
                yield from self._call(one, self._history.exchange(one))
            elif one.what == "end":
                yield End(kind=one.detail["kind"], by=one.detail.get("by", "ended"))

    def _call(self, call: Call, exchange: TraceExchange) -> Iterator[Step]:
        message = exchange.request
        operation = operation_of(self._platform, message)
        if operation is None:
            raise RecordingError(self._platform.name, f"{exchange.method} {exchange.path} is not an operation of the platform")
        fault = fault_of(self._platform, call, exchange)
        if fault is not None:
            yield Strike(operation=operation.name, fault=fault)
        shown = call.shown | call.ended
        kinds = self._platform.kinds
        own = {kind for kind in shown if kinds[kind].registered}  # a story has credentials of its own for these
        show = {kind: self._shown(kind, shown.get(kind)) for kind in operation.carries if kind not in own}
        saves = {kind: self._named(kind, id) for kind, id in call.brought.items() if not kinds[kind].implied}
        expected = Expected("none" if call.status is None else call.status)
        put = self._put(operation, message)
        yield Ask(operation=operation.name, show=show, put=put, save=saves, expect=expected)

    def _shown(self, kind: str, id: str | None) -> str | None:
        if id is None:
            return None
        name = self._names.get((kind, id))
        return escaped(id) if name is None else f"${name}"

    def _named(self, kind: str, id: str) -> str:
        return self._names.setdefault((kind, id), fresh(kind, self._names.values()))

    def _put(self, operation: Operation, message: HttpMessage) -> dict[str, Any]:
        """Return the values of a unit of work that a call has, by place."""
        units = [unit for unit in self._platform.effects.values() if unit["by"] == operation.name]
        places = [place for unit in units for place in unit.get("keeps", {}).values()]
        values = {place: reader(parse(place))(message) for place in places}
        return {place: value for place, value in values.items() if value is not None}
