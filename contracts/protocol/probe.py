"""Judges a provider by a declaration: it must issue, accept and refuse as declared.

Requests are built from the declaration, and answers are read by it. Checks that must move the clock run only with a control
API, which a mock has and a real service does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from contracts.errors import ContractsError
from contracts.platform_requests import PlatformReply
from contracts.protocol.asking import INVENTED, request
from contracts.protocol.trace import FOREVER
from contracts.protocol.wire import code_of
from contracts.remote.web import NoAnswer, Web
from mockserver.clock import system_clock
from mockserver.platform.message import HttpMessage
from mockserver.platform.model import Answer, Kind, Operation, Platform
from mockserver.platform.places import reader

if TYPE_CHECKING:
    from contracts.remote.control import RemoteControl

Status = Literal["held", "violated", "not tried"]

MOST_USES = 20
"""The most uses that are tried, and the most ids that are issued to see one evicted; a kind with more is not tried."""

MOST_RATE = 60
"""The most requests a minute that are tried; a kind with more is not tried."""

MINUTE = 60_000
"""Milliseconds in which a rate counts."""


class ProbeCheck(NamedTuple):
    """One check: the duty of a provider, and the result."""

    kind: str
    what: str
    status: Status
    said: str = ""


class KnownCredential(NamedTuple):
    """A registered credential that a probe may show: its id, and the values bound to it."""

    id: str
    bound: dict[str, str]


class Unprobed(ContractsError):
    """A check cannot be made; the text says why."""


class Prober:
    """Probes one provider. `control` is its control API, None if it lacks one; `given` are registered credentials by kind."""

    def __init__(
        self, platform: Platform, web: Web, control: RemoteControl | None, given: Mapping[str, KnownCredential]
    ) -> None:
        self._platform, self._web, self._control = platform, web, control
        self._given = dict(given)

    def checks(self) -> Iterator[ProbeCheck]:
        """Yield the checks of each kind that is carried and can be refused."""
        for kind in self._platform.kinds.values():
            if kind.carried and kind.refused and kind.name in self._platform.order:
                for what, look in self._looks(kind):
                    yield self._looked(kind, what, look)

    def _looks(self, kind: Kind) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield the name of each check of a kind, and the function that makes it."""
        life, has, limits_rates = kind.life, kind.refused, "rate" in self._platform.order
        looks: list[tuple[str, bool, Callable[[], None]]] = [
            ("is accepted", True, lambda: self._accepted(kind)),
            ("missing", "missing" in has, lambda: self._refused(kind, "missing", {})),
            ("unknown", "unknown" in has, lambda: self._refused(kind, "unknown", {kind.name: INVENTED})),
            ("spent", life.uses is not None and "spent" in has, lambda: self._used_up(kind)),
            ("evicted", life.live is not None and "evicted" in has, lambda: self._displaced(kind, life.live or 0)),
            ("succeeded", kind.succeeds and "succeeded" in has, lambda: self._replaced(kind)),
            ("foreign", bool(kind.bound) and "foreign" in has, lambda: self._bound_to_another(kind)),
            ("ended", bool(kind.ended), lambda: self._ended_by_call(kind)),
            ("idle", life.idle is not None and "idle" in has, lambda: self._after(kind, "idle", life.idle or 0)),
            ("expired", life.ttl is not None and "expired" in has, lambda: self._after(kind, "expired", life.ttl or 0)),
            ("more than its rate", bool(life.rate) and limits_rates, lambda: self._too_often(kind, life.rate or 0)),
        ]
        yield from ((what if what == "is accepted" else f"{what} is refused", look) for what, applies, look in looks if applies)

    def _looked(self, kind: Kind, what: str, look: Callable[[], None]) -> ProbeCheck:
        try:
            look()
        except Unprobed as problem:
            return ProbeCheck(kind.name, what, "not tried", str(problem))
        except _Different as found:
            return ProbeCheck(kind.name, what, "violated", str(found))
        return ProbeCheck(kind.name, what, "held")

    # -- looks -------------------------------------------------------------------------------------------------------

    def _accepted(self, kind: Kind) -> None:
        operation = self._use_of(kind)
        shown = self._credentials(operation)
        _expect(self._ask(operation, shown), operation.answer.status, None, self._platform)

    def _refused(self, kind: Kind, cause: str, shown: Mapping[str, str]) -> None:
        operation = self._use_of(kind)
        beside = self._credentials(operation, without=kind.name)
        self._expect_refusal(kind, cause, operation, {**beside, **shown})

    def _used_up(self, kind: Kind) -> None:
        _at_most(kind.life.uses or 1, MOST_USES, "uses")
        operation = self._use_of(kind)
        shown = self._credentials(operation)
        for asked in range(1, (kind.life.uses or 1) + 1):
            _expect(self._ask(operation, shown), operation.answer.status, None, self._platform)
            shown = self._again(kind, operation, shown, asked)
        self._expect_refusal(kind, "spent", operation, shown)

    def _displaced(self, kind: Kind, live: int) -> None:
        _at_most(live, MOST_USES, "that live")
        operation = self._use_of(kind)
        if _replaces(operation, kind):
            raise Unprobed("to show it is to replace it")
        shown = self._credentials(operation)
        for left in reversed(range(live)):
            if left == 0 and kind.life.uses is None:
                _expect(self._ask(operation, shown), operation.answer.status, None, self._platform)
                shown = self._again(kind, operation, shown, 1)
            self._fetch_beside(kind, shown)
        self._expect_refusal(kind, "evicted", operation, shown)

    def _fetch_beside(self, kind: Kind, shown: Mapping[str, str]) -> None:
        """Have another one issued to the same owner."""
        held = {name: id for name, id in shown.items() if name != kind.name and self._platform.kinds[name].life.uses is None}
        owner = held.get(kind.within or "")
        self._fetch(kind, held, ())
        if kind.within in self._platform.kinds and (owner is None or held.get(kind.within or "") != owner):
            raise Unprobed("a probe cannot have another one issued within the same owner")

    def _too_often(self, kind: Kind, rate: int) -> None:
        """Show one until it is refused. A provider that counts by the minute may accept as many again in the next one."""
        _at_most(rate, MOST_RATE, "requests a minute")
        operation, row = self._use_of(kind), self._platform.refused["rate"]
        self._check_countable(kind, operation)
        shown, clock, longest = self._credentials(operation), system_clock(), min(MINUTE, kind.life.ttl or MINUTE)
        asked, began = 1, clock()
        try:
            while (answer := self._ask(operation, shown)).status == operation.answer.status and asked <= 2 * rate:
                asked += 1
                if clock() - began > longest:
                    raise Unprobed("the provider is too slow for that")
        finally:
            if kind.registered and self._control is not None:
                self._advance(MINUTE)
        if asked <= rate and not kind.registered:
            _compare(answer, operation.answer.status, None, self._platform)
        _compare(answer, row.status, row.code, self._platform)

    def _check_countable(self, kind: Kind, operation: Operation) -> None:
        """Check that nothing but the rate can refuse the requests. Raises Unprobed."""
        kinds = self._platform.kinds.values()
        beside = [one.life for one in kinds if one.name in operation.carries and one is not kind]
        if kind.life.uses is not None or any(life.uses is not None for life in beside):
            raise Unprobed("it is used up before, or what is shown beside it is")
        if any(life.rate is not None for life in beside):
            raise Unprobed("what is shown beside it has a rate too")
        if kind.registered and self._control is None:
            raise Unprobed("needs a control API, or nothing else could be asked for a minute")
        if kind.registered and any(one.registered and (one.life.idle or one.life.ttl) for one in kinds):
            raise Unprobed("something registered ends while the clock moves")

    def _replaced(self, kind: Kind) -> None:
        operation = self._use_of(kind)
        if not _replaces(operation, kind):
            operation = next(one for one in self._platform.operations.values() if _replaces(one, kind))
        shown = self._credentials(operation)
        _expect(self._ask(operation, shown), operation.answer.status, None, self._platform)
        if kind.life.grace:
            if self._control is None:
                raise Unprobed("needs a control API, which moves the clock past the grace")
            self._advance(kind.life.grace)
        self._expect_refusal(kind, "succeeded", operation, shown)

    def _bound_to_another(self, kind: Kind) -> None:
        operation = self._use_of(kind)
        shown = self._credentials(operation)
        bound = {name: one.bound for name, one in self._given.items()} | {
            kind.name: dict.fromkeys(kind.bound, "something-else")
        }
        self._expect_refusal(kind, "foreign", operation, shown, bound)

    def _ended_by_call(self, kind: Kind) -> None:
        operation = self._use_of(kind)
        ending = self._platform.operations[min(kind.ended)]
        shown = self._credentials(operation)
        _expect(self._ask(ending, self._credentials(ending, held=dict(shown))), ending.answer.status, None, self._platform)
        self._expect_refusal(kind, "ended", operation, shown)

    def _after(self, kind: Kind, cause: str, milliseconds: int) -> None:
        """Expect that one ends by itself. One that would be idle before its `ttl` is used until then."""
        if self._control is None:
            raise Unprobed("needs a control API, which moves the clock")
        operation, kinds = self._use_of(kind), self._platform.kinds
        used = operation.carries if cause == "expired" else ()
        for name in {*operation.carries, kind.within or kind.name} & kinds.keys():
            life = kinds[name].life
            first = min(life.ttl or FOREVER, FOREVER if name in used else life.idle or FOREVER)
            if first < milliseconds or (first == milliseconds and name != kind.name):
                raise Unprobed(
                    "what is shown beside it would end before" if name != kind.name else "something else ends it before"
                )
        pause = min([milliseconds, *((kinds[name].life.idle or FOREVER) - 1 for name in used)])
        shown = self._kept(kind, operation, milliseconds, int(pause))
        self._expect_refusal(kind, cause, operation, shown)

    def _kept(self, kind: Kind, operation: Operation, milliseconds: int, pause: int) -> Mapping[str, str]:
        """Move the clock that far, and use one after each pause. Return what is to be shown then."""
        uses = (milliseconds - 1) // pause if pause else milliseconds
        _at_most(uses, MOST_USES, "uses before it is idle")
        if uses and (_replaces(operation, kind) or (kind.life.uses or FOREVER) <= uses):
            raise Unprobed("it is idle before, and to use it is to replace it or to use it up")
        if uses:
            self._call("freeze", {})
        try:
            shown = self._credentials(operation)
            for asked in range(1, uses + 1):
                self._advance(pause)
                _expect(self._ask(operation, shown), operation.answer.status, None, self._platform)
                shown = self._again(kind, operation, shown, asked)
        finally:
            if uses:
                self._call("resume", {})
        self._advance(milliseconds - uses * pause)
        return shown

    def _advance(self, milliseconds: int) -> None:
        self._call("advance", {"seconds": milliseconds / 1000})

    def _call(self, change: str, body: Mapping[str, float]) -> None:
        assert self._control is not None
        self._control.call("POST", f"/clock/{change}", body)

    def _expect_refusal(
        self,
        kind: Kind,
        cause: str,
        operation: Operation,
        shown: Mapping[str, str],
        bound: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        row: Answer = kind.refused[cause]
        _expect(self._ask(operation, shown, bound), row.status, row.code, self._platform)

    # -- asking ------------------------------------------------------------------------------------------------------

    def _use_of(self, kind: Kind) -> Operation:
        """Return the operation that shows one of a kind with the fewest other demands, and neither ends nor replaces it."""
        able = [self._platform.operations[name] for name in kind.carried]
        fit = [one for one in able if not one.refuses and one.name not in kind.ended]
        if not fit:
            raise Unprobed("no operation shows it without ending it")
        return min(fit, key=lambda one: (_replaces(one, kind), one.answer.status >= 300, len(one.carries)))

    def _credentials(
        self, operation: Operation, without: str = "", held: dict[str, str] | None = None, trail: tuple[str, ...] = ()
    ) -> dict[str, str]:
        """Return ids for everything that an operation must show; an id that nothing issues is left out.

        What is `held` already is shown again, so that all ids belong together: they have one owner.
        """
        held = {} if held is None else held
        for name in sorted(operation.carries, key=self._is_brought_along):
            if name != without and self._platform.kinds[name].refused and name not in held:
                self._fetch(self._platform.kinds[name], held, trail)
        return {name: id for name, id in held.items() if name != without}

    def _is_brought_along(self, name: str) -> bool:
        """Return True for an owner: it comes along with the ids within it, so it is asked for last."""
        return any(kind.within == name for kind in self._platform.kinds.values())

    def _fetch(self, kind: Kind, held: dict[str, str], trail: tuple[str, ...]) -> None:
        """Have a new id issued, and hold it with whatever comes along."""
        if kind.registered:
            held[kind.name] = self._registered(kind).id
            return
        if kind.name in trail or not kind.renewed_by:
            raise Unprobed(f"nothing issues {kind.a} that a probe could call")
        issuing = self._platform.operations[kind.renewed_by[0]]
        answer = self._ask(issuing, self._credentials(issuing, held=held, trail=(*trail, kind.name)))
        _expect(answer, issuing.answer.status, None, self._platform)
        brought = {name: reader(self._platform.kinds[name].issued[issuing.name])(_message(answer)) for name in issuing.issues}
        if not brought[kind.name]:
            raise _Different(f"{issuing.name} brought no {kind.noun} at {kind.issued[issuing.name]}")
        for shown in (self._platform.kinds[name] for name in issuing.carries):
            if shown.life.uses is not None or issuing.name in shown.ended or _replaces(issuing, shown):
                held.pop(shown.name, None)
        held |= {name: str(id) for name, id in brought.items() if id}

    def _registered(self, kind: Kind) -> KnownCredential:
        if kind.name not in self._given:
            if self._control is None:
                raise Unprobed(f"needs {kind.a}: give --client-id and --client-secret")
            told = self._control.call("POST", f"/credentials/{kind.name}", {})
            self._given[kind.name] = KnownCredential(told["id"], told["bound"])
        return self._given[kind.name]

    def _again(self, kind: Kind, operation: Operation, shown: Mapping[str, str], asked: int) -> dict[str, str]:
        """Return what can be shown again once it was shown so often: what is used up beside the kind's is issued anew."""
        kinds = self._platform.kinds
        held = {name: id for name, id in shown.items() if name == kind.name or (kinds[name].life.uses or FOREVER) > asked}
        again = self._credentials(operation, held=held)
        if again.get(kind.name) != shown.get(kind.name):
            raise Unprobed("what is shown beside it is used up before, and comes with another one")
        return again

    def _ask(
        self, operation: Operation, shown: Mapping[str, str], bound: Mapping[str, Mapping[str, str]] | None = None
    ) -> PlatformReply:
        values = bound if bound is not None else {name: one.bound for name, one in self._given.items()}
        asked = request(self._platform, operation, shown, values)
        try:
            return self._web.ask(asked.method, asked.path, headers=asked.headers, content=asked.body)
        except NoAnswer as error:
            raise _Different(error.problem) from error


def _at_most(number: int, most: int, what: str) -> None:
    if number > most:
        raise Unprobed(f"{number} {what} are too many to try; at most {most} are")


def _replaces(operation: Operation, kind: Kind) -> bool:
    return kind.succeeds and operation.name in kind.carried and operation.name in kind.issued


class _Different(Exception):
    """The provider did not do as the declaration says."""


def _expect(answer: PlatformReply, status: int, code: str | int | None, platform: Platform) -> None:
    """Check an answer. Raises _Different; Unprobed if only a rate that earlier checks used up may have refused it."""
    try:
        _compare(answer, status, code, platform)
    except _Different:
        limit = platform.refused.get("rate") if any(kind.life.rate for kind in platform.kinds.values()) else None
        if limit is not None and answer.status == limit.status:
            raise Unprobed("a rate was used up before") from None
        raise


def _compare(answer: PlatformReply, status: int, code: str | int | None, platform: Platform) -> None:
    got = code_of(platform, _message(answer))
    if answer.status != status:
        raise _Different(f"answered {answer.status}{f' {got}' if got is not None else ''}, and not {status}")
    if code is not None and got != code:
        raise _Different(f"answered {answer.status} with the code {got!r}, and not {code!r}")


def _message(answer: PlatformReply) -> HttpMessage:
    return HttpMessage(headers=list(answer.fields), body=answer.body)


def table(checks: list[ProbeCheck]) -> str:
    """Return the checks as a table."""
    lines = [f"{one.kind:<12} {one.what:<20} {one.status}{': ' + one.said if one.said else ''}" for one in checks]
    violated = sum(one.status == "violated" for one in checks)
    return "\n".join([*lines, "", f"{violated} of {len(checks)} checks violated"]) + "\n"
