"""Stories of declared platforms: calls of its operations with expected answers, and changes of the platform between them.

A call is built from the declaration, and shows the latest credential of each kind that it has to show, unless `show` names
another. What an answer brings is saved under the kind's name (`session`, then `session_2`), or under the name in `save`.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from contracts.protocol.asking import PlatformRequest, request
from contracts.protocol.scenario import words_of
from contracts.scenario import Advance
from contracts.stories.model import OK, AnyStory, Expected, Name, StoryError, StoryStep, Times
from contracts.stories.names import literal, reference
from contracts.stories.plan import BasicAuth, Change, Coded, Gap, Planned, PlannedExchange, Text, joined, planned
from mockserver.engine.model import Fault as Striking
from mockserver.errors import suggestion
from mockserver.platform import Platform, compile_platform, find
from mockserver.platform.errors import Wrong
from mockserver.platform.places import Place, parse

_GAP = re.compile(r"(GAPgap([A-Za-z0-9]+)gapGAP)")


class Ask(StoryStep, frozen=True, tag="call"):
    """A call of an operation.

    `show` has saved names or literal ids by kind; None is not to show one. `put` has values by place. `save` has names by kind.
    """

    operation: str
    show: dict[str, str | None] = field(default_factory=dict)
    put: dict[str, Any] = field(default_factory=dict)
    save: dict[str, Name] = field(default_factory=dict)
    times: Times = 1
    expect: Expected = OK

    @property
    def words(self) -> str:
        """The step as text."""
        shown = ", ".join(f"no {kind}" if text is None else f"{kind} {text}" for kind, text in self.show.items())
        put = ", ".join(f"{place} = {json.dumps(value)}" for place, value in self.put.items())
        saved = ", ".join(f"${name}" for name in self.save.values())
        said = [self.operation, *([f"showing {shown}"] if shown else []), *([f"with {put}"] if put else [])]
        return " ".join([*said, *([f"→ {saved}"] if saved else [])]) + (f", {self.times} times" if self.times > 1 else "")


class End(StoryStep, frozen=True, tag="end"):
    """A saved credential ends, or every living one of its kind: it is ended, evicted or expired."""

    kind: str
    which: str | None = None
    by: Literal["ended", "evicted", "expired"] = "ended"

    @property
    def words(self) -> str:
        """The step as text."""
        return f"{self.which or f'every {self.kind}'} is {self.by}"


class Register(StoryStep, frozen=True, tag="register"):
    """A credential is issued without a request."""

    kind: str
    save: Name

    @property
    def words(self) -> str:
        """The step as text."""
        return f"a {self.kind} is registered → ${self.save}"


class Strike(StoryStep, frozen=True, tag="fault"):
    """The next requests of an operation are hit by a fault."""

    operation: str
    fault: Striking

    @property
    def words(self) -> str:
        """The step as text."""
        return f"a fault hits {self.operation}: {words_of(self.fault)}"


Step = Ask | End | Register | Strike | Advance


class DeclaredStory(AnyStory, frozen=True, kw_only=True):
    """A story on a mock of a declared platform with a frozen clock."""

    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=1000)]


# -- what is sent ----------------------------------------------------------------------------------------------------


@planned.register
def _(story: DeclaredStory) -> Iterator[Planned]:
    """Yield the steps with what is sent for each; first the credentials that are registered from the beginning."""
    path = find(story.platform)
    platform = _compiled(path, path.stat().st_mtime)
    planning = _Planning(platform)
    for kind in platform.kinds.values():
        if kind.registered and not any(isinstance(step, Register) and step.kind == kind.name for step in story.steps):
            yield planning.take(Register(kind=kind.name, save=kind.name), 0)
    for number, step in enumerate(story.steps):
        yield planning.take(step, number)


@lru_cache(maxsize=8)
def _compiled(path: Path, _changed: float) -> Platform:
    return compile_platform(path)


class _Planning:
    """Translates steps. `_latest` are the gaps of the latest credential of each kind, `_gaps` those of all saved names."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._latest: dict[str, Gap] = {}
        self._gaps: dict[str, Gap] = {}

    def take(self, step: Step, number: int) -> Planned:
        place = f"$.steps[{number}]"
        match step:
            case Ask():
                return Planned(step, self._exchange(step, place))
            case Register(kind=kind, save=save):
                self._known(kind, self._platform.kinds, f"{place}.kind")
                bound = {Gap(save, one): ("bound", one) for one in self._platform.kinds[kind].bound}
                self._keep(kind, Gap(save, "id"))
                return Planned(step, Change("POST", (f"/credentials/{kind}",), {}, {Gap(save, "id"): ("id",), **bound}))
            case End(kind=kind, which=which, by=by):
                self._known(kind, self._platform.kinds, f"{place}.kind")
                one: dict[str, Any] = {} if which is None else {"id": self._gap(which, f"{place}.which")}
                return Planned(step, Change("POST", (f"/credentials/{kind}/end",), {**one, "by": by}))
            case Strike(operation=operation, fault=fault):
                self._known(operation, self._platform.operations, f"{place}.operation")
                return Planned(step, Change("POST", ("/faults",), {**msgspec.to_builtins(fault), "operation": operation}))
            case Advance(seconds):
                return Planned(step, Change("POST", ("/clock/advance",), {"seconds": seconds}))

    def _known(self, name: str, among: Mapping[str, Any], place: str) -> None:
        if name not in among:
            raise StoryError(self._platform.name, place, f"{name!r} is not declared; {suggestion(name, among)}")

    def _gap(self, text: str, place: str) -> Gap | str:
        name = reference(text)
        if name is not None and name not in self._gaps:
            raise StoryError(self._platform.name, place, f"no step before has saved `{name}`")
        return literal(text) if name is None else self._gaps[name]

    def _keep(self, kind: str, gap: Gap) -> None:
        self._latest[kind] = self._gaps[gap.name] = gap

    def _exchange(self, step: Ask, place: str) -> PlannedExchange:
        self._known(step.operation, self._platform.operations, f"{place}.operation")
        operation, kinds = self._platform.operations[step.operation], self._platform.kinds
        shown: dict[str, Gap | str] = {kind: self._latest[kind] for kind in operation.carries if kind in self._latest}
        for kind, text in step.show.items():
            self._known(kind, kinds, f"{place}.show")
            shown.pop(kind, None)
            if text is not None:
                shown[kind] = self._gap(text, f"{place}.show.{kind}")
        ids = {kind: _mark(one, "id") for kind, one in shown.items()}
        bound = {
            kind: {one: _mark(gap, one) for one in kinds[kind].bound} for kind, gap in shown.items() if kinds[kind].registered
        }
        try:
            put = {parse(at): value for at, value in step.put.items()}
        except Wrong as wrong:
            raise StoryError(self._platform.name, f"{place}.put", wrong.problem) from wrong
        asked = request(self._platform, operation, ids, bound, put)
        unfit = next((name for name, value in asked.headers.items() if not (value.isascii() and value.isprintable())), None)
        if unfit is not None:
            raise StoryError(self._platform.name, place, f"the header {unfit} can only have printable ASCII")
        return _sent(asked, step, self._saves(step, operation.name))

    def _saves(self, step: Ask, operation: str) -> dict[Gap, Place]:
        refused = not isinstance(step.expect.status, int) or step.expect.status >= 400
        saves: dict[Gap, Place] = {}
        for kind in self._platform.kinds.values():
            at = kind.always if refused else kind.issued.get(operation, kind.always)
            if at is None or not isinstance(step.expect.status, int):
                continue
            number = sum(name == kind.name or name.rpartition("_")[0] == kind.name for name in self._gaps) + 1
            gap = Gap(step.save.get(kind.name, kind.name if number == 1 else f"{kind.name}_{number}"), "token")
            self._keep(kind.name, gap)
            saves[gap] = at
        return saves


def _mark(one: Gap | str, what: str) -> str:
    """Return a text that stands for a gap until the request is built: letters and digits, which nothing encodes."""
    if isinstance(one, str):
        return one
    told = Gap(one.name, one.what if what == "id" else what)
    return f"GAPgap{'/'.join(told).encode().hex()}gapGAP"


def _sent(asked: PlatformRequest, step: Ask, saves: Mapping[Gap, Place]) -> PlannedExchange:
    headers = dict(asked.headers)
    media, shown = headers.pop("Content-Type", None), headers.pop("Authorization", None)
    return PlannedExchange(
        asked.method,
        _text(asked.path),
        None if shown is None else _authorization(shown),
        media,
        _text(asked.body.decode()),
        0,
        step.times,
        step.expect,
        saves,
        {name: _text(value) for name, value in headers.items()},
    )


def _authorization(header: str) -> BasicAuth | Text:
    scheme, _, encoded = header.partition(" ")
    if scheme != "Basic":
        return _text(header)
    id, _, secret = b64decode(encoded).decode().partition(":")
    return BasicAuth(_text(id), _text(secret))


_WORD = re.compile(r"[A-Za-z0-9_-]{16,}")


def _text(text: str) -> Text:
    """Return a text with its gaps. One that is encoded in base64url, as in a JWS, is encoded once its gaps are filled."""
    found: list[Any] = []
    end = 0
    for word in _WORD.finditer(text):
        inner = _decoded(word[0])
        if "GAPgap" in inner:
            found += [*_pieces(text[end : word.start()]), Coded(tuple(joined(_pieces(inner))))]
            end = word.end()
    return tuple(joined([*found, *_pieces(text[end:])]))


def _decoded(word: str) -> str:
    try:
        return urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode()
    except ValueError:
        return ""


def _pieces(text: str) -> Iterator[str | Gap]:
    end = 0
    for mark in _GAP.finditer(text):
        yield text[end : mark.start()]
        name, _, what = bytes.fromhex(mark[2]).decode().partition("/")
        yield Gap(name, what)
        end = mark.end()
    yield text[end:]
