"""From a refused request in the journal of a declared platform to the smallest story that is refused in the same way."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from contracts.protocol.asking import INVENTED, beside
from contracts.replay.minimize.distil import NotReproduced, Proof
from contracts.replay.minimize.minimize import waits_joined
from contracts.replay.minimize.names import fresh
from contracts.scenario import Advance
from contracts.stories.declared import Ask, DeclaredStory, End, Register, Step
from contracts.stories.model import Expected
from contracts.stories.stage import MockInProcess
from contracts.verify.shrink import smallest, without
from mockserver.declared.entries import Recorded
from mockserver.declared.past import DeclaredPast, Named
from mockserver.journal import Perturbed
from mockserver.platform import compile_platform, find
from mockserver.platform.model import Answer, Platform
from mockserver.platform.places import Place

MOST = 30
"""The most requests that are repeated: the latest that have to do with the refused one. As many may issue what those show."""

OTHER = "something-else"


def distil_declared(past: DeclaredPast, context_id: str, named: str) -> DeclaredStory:
    """Return the smallest story found whose last call is refused as this request. `named` is the platform's name or file.

    It has been run with that result. Raises NotFound if the journal does not have the request, and NotReproduced.
    """
    entry = past.find(context_id)
    if not entry.refused_by or entry.operation not in past.platform.operations:
        raise NotReproduced(context_id, "only a call that a guard refused can be reproduced")
    steps = tuple(_TellingDeclared(past.platform, past, entry).steps())
    title = f"{entry.operation} is refused: {entry.refused_by} {entry.cause}"
    story = DeclaredStory(title=title, steps=steps, platform=named)
    with Proof(MockInProcess(past.platform)) as proof:
        if not proof.of(story):
            raise NotReproduced(context_id, f"its past goes otherwise on a mock that was just started: {proof.latest}")
        story = smallest(story, _simpler, proof.may_go_on_with)
    with Proof(MockInProcess(compile_platform(find(named)))) as as_declared:
        return story if as_declared.of(story) else replace(story, notes=(UNDER_POLICY,))


UNDER_POLICY = "It goes like this only under the policy of the mock that refused the request: run it at the URL of such a mock."


def _simpler(story: DeclaredStory) -> Iterator[DeclaredStory]:
    *before, last = story.steps
    yield from (replace(story, steps=(*left, last)) for left in without(tuple(before)))
    yield from (replace(story, steps=steps) for steps in waits_joined(story.steps))
    for nth, step in enumerate(story.steps):
        for simpler in _simpler_step(step):
            yield replace(story, steps=(*story.steps[:nth], simpler, *story.steps[nth + 1 :]))


def _simpler_step(step: Step) -> Iterator[Step]:
    if isinstance(step, Ask):
        yield from (replace(step, show={name: id for name, id in step.show.items() if name != left}) for left in step.show)
        yield from (replace(step, save={name: id for name, id in step.save.items() if name != left}) for left in step.save)
    elif isinstance(step, Advance) and step.seconds != round(step.seconds):
        yield Advance(float(round(step.seconds) + 1))


def unlike(platform: Platform, operation: str, reason: str) -> dict[Place, str]:
    """Return other values than those that a credential is bound to, by place, if a call was refused for that."""
    kind = platform.kinds.get(reason.removesuffix(".foreign"))
    if kind is None or not kind.bound:
        return {}
    carried = kind.places[operation][0]
    return {beside(places, carried): OTHER for places in kind.bound.values()}


class _TellingDeclared:
    """Translates what the journal has of a request's past to steps of a story."""

    def __init__(self, platform: Platform, past: DeclaredPast, entry: Recorded) -> None:
        self._platform, self._past, self._entry = platform, past, entry
        self._names: dict[Named, str] = {}

    def steps(self) -> Iterator[Step]:
        at: int | None = None
        for change in self._changes():
            now = change.at if isinstance(change, Perturbed) else change.acted_at or change.arrived_at
            if at is not None and now > at:
                yield Advance((now - at) / 1000)
            at = now
            yield from self._note(change) if isinstance(change, Perturbed) else (self._ask(change),)

    def _changes(self) -> list[Recorded | Perturbed]:
        """Return what has to do with the request, in order: requests that share a credential, and changes of those."""
        before = [one for one in self._past.requests if one.number <= self._entry.number and one.acted_at is not None]
        concerns, kept = self._own(self._entry), [self._entry]
        while more := [one for one in before if one not in kept and self._own(one) & concerns]:
            kept += more
            concerns = concerns.union(*map(self._own, more))
        kept = self._latest(sorted(kept, key=lambda one: one.number))
        kinds = {kind for kind, _ in concerns}
        notes = [note for note in self._past.notes if note.detail.get("kind") in kinds and note.seq < self._entry.answer_seq]
        changes: list[tuple[int, Recorded | Perturbed]] = [(one.answer_seq, one) for one in kept]
        changes += [(note.seq, note) for note in notes]
        return [change for _, change in sorted(changes, key=lambda one: one[0])]

    @staticmethod
    def _latest(requests: list[Recorded]) -> list[Recorded]:
        """Return the latest requests, and those before them that issued what they show."""
        latest, issuing = requests[-MOST:], list[Recorded]()
        shown = {named for one in latest for named in one.shown.items()}
        for one in reversed(requests[:-MOST]):
            if shown.intersection(one.issued.items()) and len(issuing) < MOST:
                issuing.append(one)
                shown.update(one.shown.items())
        return [*reversed(issuing), *latest]

    def _own(self, one: Recorded) -> set[Named]:
        """Return the credentials of a request, without those that all requests of a client share."""
        every = {*one.shown.items(), *one.issued.items()}
        return {(kind, id) for kind, id in every if not self._platform.kinds[kind].registered}

    def _note(self, note: Perturbed) -> Iterator[Step]:
        kind, id = str(note.detail["kind"]), note.detail.get("id")
        if note.what == "register":
            yield Register(kind=kind, save=self._named(kind, str(id)))
        elif note.what == "end" and (id is None or (kind, id) in self._names):
            which = None if id is None else f"${self._names[kind, id]}"
            yield End(kind=kind, which=which, by=note.detail.get("by", "ended"))

    def _ask(self, one: Recorded) -> Ask:
        operation, kinds = self._platform.operations[one.operation], self._platform.kinds
        show: dict[str, str | None] = {}
        reason = f"{one.refused_by}.{one.cause}"
        for kind in operation.carries:
            id = one.shown.get(kind)
            known = self._names.get((kind, id or ""))
            if id is None:
                show[kind] = None
            elif known is not None or not kinds[kind].registered or reason == f"{kind}.unknown":
                show[kind] = INVENTED if known is None else f"${known}"
        placed = {kind: id for kind, id in one.issued.items() if not kinds[kind].implied}
        answer = self._answer(one)
        saves = {kind: self._named(kind, id) for kind, id in placed.items() if answer.status < 400 or kinds[kind].always}
        expected = Expected(answer.status, reason=reason if one is self._entry else None)
        put = {str(place): other for place, other in unlike(self._platform, one.operation, reason).items()}
        return Ask(operation=one.operation, show=show, put=put, save=saves, expect=expected)

    def _answer(self, one: Recorded) -> Answer:
        """Return the answer that the platform decided on, without any fault."""
        operation = self._platform.operations[one.operation]
        if not one.refused_by or one.refused_by == "operation":
            return operation.answer
        kind = self._platform.kinds.get(one.refused_by)
        return (self._platform.refused if kind is None else kind.refused)[one.cause]

    def _named(self, kind: str, id: str) -> str:
        return self._names.setdefault((kind, id), fresh(kind, self._names.values()))
