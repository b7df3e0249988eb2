"""Minimizes a failing scenario, step by step, as long as it still fails.

It changes the scenario itself, not the choices it was drawn from. So it can minimize built-in scenarios and files of a corpus,
also for clients that do not always fail. In the end it has checked that nothing can be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, pairwise, product
from typing import Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from contracts.builtin import ANN
from contracts.generate.odd import GUESTS
from contracts.scenario import (
    LONGEST,
    Advance,
    Fault,
    Item,
    Message,
    P,
    Scenario,
    Send,
    SendParallel,
    Trigger,
    changed,
    complexity,
    encode,
    messages,
)
from mockserver.journal import Guest

T = TypeVar("T")

PLAIN_TEXTS = tuple("0123456789")
NICE_SECONDS = (1.0, 6.0, 30.0, 31.0, 60.0, 301.0, 3600.0)
RACES = tuple((1,) * length for length in (1, 2, 3, 4, 6))
"""Schedules to try with one message fewer, because its race may need another order."""


class Shrunk(NamedTuple, Generic[P]):
    """The smallest scenario found. `minimal`: each step was left out once, and then it did not fail."""

    scenario: P
    minimal: bool


def shrink(
    scenario: P, fails: Callable[[P], bool], may_go_on: Callable[[], bool], simpler: Callable[[P], Iterator[P]]
) -> Shrunk[P]:
    """Replace `scenario` by one of the `simpler` ones that `fails`, until there is none or `may_go_on()` returns False."""
    tried = {encode(scenario)}
    found: P | None = scenario
    while found is not None:
        scenario, found = found, None
        for candidate in simpler(scenario):
            key = encode(candidate)
            if key in tried or complexity(candidate) >= complexity(scenario):
                continue
            if not may_go_on():
                return Shrunk(scenario, False)
            tried.add(key)
            if fails(candidate):
                found = candidate
                break
    return Shrunk(scenario, True)


def simpler(scenario: Scenario) -> Iterator[Scenario]:
    """Yield scenarios with one simplification each, the largest steps first."""
    items = scenario.items
    for left in without(items):
        yield replace(scenario, items=left)
    yield from plainer(scenario)
    for fewer in _at_once(items):
        yield replace(scenario, items=fewer)
    yield from _renamed(scenario)
    for place, item in enumerate(items):
        for instead in chain(_without_during(item), ((other,) for other in _simpler_item(item))):
            yield replace(scenario, items=(*items[:place], *instead, *items[place + 1 :]))


def plainer(scenario: P) -> Iterator[P]:
    """Yield the same items with less policy, title or chance."""
    if scenario.policy:
        yield changed(scenario, policy={})
        for name in scenario.policy:
            yield changed(scenario, policy={key: value for key, value in scenario.policy.items() if key != name})
    yield from (changed(scenario, title="", chance=0), changed(scenario, title=""), changed(scenario, chance=0))


def _at_once(items: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
    """Yield the items with two advances joined into one."""
    for place, (one, other) in enumerate(pairwise(items)):
        if isinstance(one, Advance) and isinstance(other, Advance) and one.seconds + other.seconds <= LONGEST:
            yield *items[:place], Advance(one.seconds + other.seconds), *items[place + 2 :]


def _renamed(scenario: Scenario) -> Iterator[Scenario]:
    """Yield the scenario with one guest, or one text, replaced everywhere by a plainer one that it does not have yet."""
    used = [message for item in scenario.items for message in messages(item)]
    guests, texts = dict.fromkeys(message.guest for message in used), dict.fromkeys(message.text for message in used)
    for guest in guests:
        for plain in (plain for plain in GUESTS if plain not in guests):
            yield _with_all(scenario, partial(_put, "guest", guest, plain))
    for text in texts:
        for other in [other for other in PLAIN_TEXTS if other not in texts][:1]:
            yield _with_all(scenario, partial(_put, "text", text, other))


def _put(field: str, old: Guest | str, new: Guest | str, message: Message) -> Message:
    return replace(message, **{field: new}) if getattr(message, field) == old else message


def _with_all(scenario: Scenario, change: Callable[[Message], Message]) -> Scenario:
    return replace(scenario, items=tuple(_with_item(item, change) for item in scenario.items))


def _with_item(item: Item, change: Callable[[Message], Message]) -> Item:
    match item:
        case Send():
            message = change(Message(item.guest, item.text))
            return replace(item, guest=message.guest, text=message.text)
        case SendParallel():
            return replace(item, sends=tuple(map(change, item.sends)))
        case _:
            return item


def without(parts: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Yield the parts without half of them, a quarter, …, one of them; later parts are left out first."""
    size = len(parts) // 2
    while size > 1:
        for start in range(len(parts) - size, -1, -size):
            yield parts[:start] + parts[start + size :]
        size //= 2
    yield from reversed(list(each_left_out(parts)))


def each_left_out(parts: tuple[T, ...]) -> Iterator[tuple[T, ...]]:
    """Yield the parts without one of them, the first one first."""
    return (parts[:place] + parts[place + 1 :] for place in range(len(parts)))


def otherwise_scheduled(scenario: Scenario) -> Iterator[Scenario]:
    """Yield the scenario with one parallel message fewer, and with other schedules."""
    for place, item in enumerate(scenario.items):
        if isinstance(item, SendParallel) and len(item.sends) > 2:
            for fewer, schedule in product(each_left_out(item.sends), RACES):
                instead = replace(item, sends=fewer, schedule=schedule)
                yield replace(scenario, items=(*scenario.items[:place], instead, *scenario.items[place + 1 :]))


def _without_during(item: Item) -> Iterator[tuple[Item, Item]]:
    """Yield a perturbation inside an item as one before it, which is easier to follow."""
    if isinstance(item, Send | SendParallel):
        for trigger, fewer in zip(item.during, each_left_out(item.during), strict=True):
            yield trigger.do, replace(item, during=fewer)


def _simpler_item(item: Item) -> Iterator[Item]:
    match item:
        case Send():
            yield from _simpler_during(item)
            simpler = _simpler_message(Message(item.guest, item.text), ())
            yield from (replace(item, guest=message.guest, text=message.text) for message in simpler)
        case SendParallel():
            yield from _simpler_during(item)
            yield from _simpler_parallel(item)
        case Advance(seconds):
            yield from (Advance(nice) for nice in (*NICE_SECONDS, float(int(seconds))) if nice < seconds)
        case Fault():
            yield from _simpler_fault(item)


def _simpler_during(item: Send | SendParallel) -> Iterator[Item]:
    for fewer in without(item.during):
        yield replace(item, during=fewer)
    for place, trigger in enumerate(item.during):
        for other in _simpler_trigger(trigger):
            yield replace(item, during=(*item.during[:place], other, *item.during[place + 1 :]))


def _simpler_parallel(item: SendParallel) -> Iterator[Item]:
    for message in item.sends:
        yield Send(message.guest, message.text, item.during)
    for fewer in without(item.sends):
        if len(fewer) > 1:
            yield replace(item, sends=fewer)
            if item.schedule:  # it was made for as many as there are
                yield replace(item, sends=fewer, schedule=())
    for shorter in without(item.schedule):
        yield replace(item, schedule=shorter)
    for place, message in enumerate(item.sends):
        others = item.sends[:place] + item.sends[place + 1 :]
        for other in _simpler_message(message, others):
            yield replace(item, sends=(*item.sends[:place], other, *item.sends[place + 1 :]))


def _simpler_message(message: Message, others: tuple[Message, ...]) -> Iterator[Message]:
    """Yield the message with a plainer guest or text, still distinct from `others`."""
    guests, texts = {other.guest for other in others}, {other.text for other in others}
    yield from (replace(message, guest=guest) for guest in GUESTS if guest not in guests)
    plain = [text for text in PLAIN_TEXTS if text not in texts]
    for other in (replace(message.guest, name=ANN.name), replace(message.guest, email=ANN.email)):
        if not others and message.guest not in GUESTS:
            yield replace(message, guest=other)
    half, text = len(message.text) // 2, message.text
    shorter = (*plain[:2], text[:half], text[half:], text[:1], text[1:])
    yield from (replace(message, text=text) for text in shorter if text and text not in texts)


def _simpler_fault(fault: Fault) -> Iterator[Fault]:
    if fault.times > 1:
        yield replace(fault, times=1)
        yield replace(fault, times=fault.times // 2)
        yield replace(fault, times=fault.times - 1)
    if fault.after_acting:
        yield replace(fault, after_acting=False)
    if fault.retry_after_form != "seconds":
        yield replace(fault, retry_after_form="seconds")
    if fault.retry_after:
        yield replace(fault, retry_after=1)
    if fault.body is not None:
        yield replace(fault, body="cut")


def _simpler_trigger(trigger: Trigger) -> Iterator[Trigger]:
    if trigger.nth > 1:
        yield replace(trigger, nth=1)
        yield replace(trigger, nth=trigger.nth - 1)
    for other in _simpler_item(trigger.do):
        yield replace(trigger, do=other)  # a perturbation, because the original was one


def smallest(found: T, smaller: Callable[[T], Iterable[T]], holds: Callable[[T], bool]) -> T:
    """Replace `found` by the first of the `smaller` ones that `holds`, until none does."""
    while (other := next(filter(holds, smaller(found)), None)) is not None:
        found = other
    return found
