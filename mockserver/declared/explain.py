"""Explains an answer: the guard that refused, the end of what was shown, a call that would have been accepted, and advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import UNSET

from mockserver.clock import iso
from mockserver.declared.accepted import accepted_if, missed
from mockserver.declared.entries import Recorded, is_struck
from mockserver.declared.mock import Mock
from mockserver.declared.past import LATEST, DeclaredPast, PastCredential, past_of
from mockserver.engine.model import NEVER, Reason
from mockserver.explain.guards import verdicts
from mockserver.explain.model import CredentialStory, Explanation, GuardVerdict, LifeEvent
from mockserver.explain.teller import asked, sent_answer
from mockserver.explain.words import span
from mockserver.journal import Perturbed
from mockserver.platform.message import NOTHING, HttpMessage, base64_json, dig
from mockserver.platform.model import Kind, Platform
from mockserver.reasons import RECORDS

WHY = {
    "missing": "No {noun} was shown.",
    "unknown": "The {noun} {id} was never issued here, or has been forgotten.",
    "foreign": "The {noun} {id} was not issued for what was shown beside it.",
    "ended": "The {noun} {id} had been ended{at}{by}.",
    "evicted": "The {noun} {id} had to go{at}: no more than {live} may live at once.",
    "spent": "The {noun} {id} is good for {uses}, and {last} had used it up.",
    "succeeded": "The {noun} {id} had been replaced{at} by the one that {last} brought.",
    "idle": "The {noun} {id} had not been used for {idle}{at}. It was last used by {last}.",
    "expired": "The {noun} {id} had lived for its {ttl}{at}. It was issued by {first}.",
}
"""Why a credential was refused."""

BY_CONTROL = "The control API had {cause} the {noun} {id}{at}."
"""Why a credential was refused that the control API had ended as if its time was over, or newer ones had come."""

ADVICE = {
    "renew": "After this answer throw the {noun} away, get another by {renewed_by}, and repeat the call once.",
    "renew from refusal": "Repeat the call with the {noun} that this very answer brought.",
    "stop": "Nothing replaces {a}: stop, and report that a new one is needed.",
    "uses": "Get {a} right before each use, and forget it afterwards.",
    "alone": "If several calls are refused at once, let one renew it while the others wait.",
}
"""Advice for the client."""

OTHERS = {
    "scope": "The scope {detail} is missing.",
    "media": "The media type of the body is not {detail}.",
    "size": "The body is larger than {detail} bytes.",
    "json": "{detail}",
    "body": "The body is not right: {detail}.",
    "grantable": "A scope was asked for that the one who asks does not have.",
    "rate": "Too many requests were made in this minute; {detail} s are left of it.",
    "route": "No operation has this path.",
    "method": "The path takes other methods: {detail}.",
    "operation": "This call is declared to be refused.",
}
"""Why a guard refused that does not belong to a kind."""


def explanation(mock: Mock, context_id: str) -> Explanation:
    """Return the explanation of a contextId. Raises NotFound."""
    return explained(past_of(mock), context_id)


def explained(past: DeclaredPast, context_id: str) -> Explanation:
    """Return the explanation of a contextId of a journal. Raises NotFound."""
    entry, platform = past.find(context_id), past.platform
    operation = platform.operations.get(entry.operation)
    before = past.before(entry.answer_seq or LATEST)
    return Explanation(
        context_id=context_id,
        organization="default",
        summary=past.hide(_why(past, entry)),
        asked=asked(entry.arrival),
        answer=sent_answer(entry.answer, entry.arrived_at),
        guards=_verdicts(entry, () if operation is None else operation.guards),
        session=None,
        accepted_if=accepted_if(platform, entry, before),
        missed=missed(entry, before),
        advice=tuple(past.hide(line) for line in _advice(platform, entry)),
        credentials=(
            *(_story(past, kind, id, entry) for kind, id in {**entry.shown, **entry.issued}.items()),
            *(
                CredentialStory(kind=kind, noun=kind, id=id, state="of a kind that this declaration does not have", events=())
                for kind, id in entry.strangers.items()
            ),
        ),
    )


def _passed(platform: Platform, one: Recorded, guard: str) -> bool:
    operation = platform.operations.get(one.operation)
    verdicts = () if operation is None else _verdicts(one, operation.guards)
    return GuardVerdict(guard, "passed") in verdicts


def _verdicts(entry: Recorded, guards: Sequence[str]) -> tuple[GuardVerdict, ...]:
    refusing = guards.index(entry.refused_by) if entry.refused_by in guards else len(guards)
    return verdicts(guards, -1 if entry.acted_at is None else refusing)


def _why(past: DeclaredPast, entry: Recorded) -> str:
    if entry.answer is None:
        return "No answer is journalled: the request is still on its way, or the store has lost it."
    failure = f" {RECORDS[Reason(entry.answer.failure)].why}" if entry.answer.failure else ""
    if failure and entry.acted_at is None:
        return failure.strip()
    if entry.acted_at is None:
        done = "saw the request, and did not act" if is_struck(past.platform, entry) else "was not asked"
        return f"A fault was injected: {entry.fault}. The platform {done}."
    fault = f" A fault was applied to the answer: {entry.fault}." if entry.fault else ""
    return (_refused(past, entry) if entry.refused_by else "It was accepted.") + fault + failure


def _refused(past: DeclaredPast, entry: Recorded) -> str:
    kind = past.platform.kinds.get(entry.refused_by)
    if kind is None:
        return OTHERS.get(entry.cause, entry.cause).format(detail=entry.detail)
    row = kind.refused.get(entry.cause)
    if row is None:  # of a journal of another declaration
        return OTHERS.get(entry.cause, f"The {kind.noun} was refused as {entry.cause}.")
    if entry.cause == "missing" and not row.why:
        return WHY["missing"].format(noun=kind.noun) + _unreadable(kind, entry)
    if _is_by_control(past, kind, entry):
        return BY_CONTROL.format_map({**_words(past, kind, entry), "cause": entry.cause})
    return (row.why or WHY[entry.cause]).format_map(_words(past, kind, entry))


def _is_by_control(past: DeclaredPast, kind: Kind, entry: Recorded) -> bool:
    """Return True if the control API ended a credential that was refused as expired or evicted."""
    id, cause = entry.shown.get(kind.name, ""), entry.cause
    known = _known_before(past, kind, id, entry)
    if cause not in {"expired", "evicted"} or known is None or known.record.ended_by != cause:
        return False
    acts = (note for note in past.notes if _concerns(note, kind.name, id) and note.detail.get("by") == cause)
    lived = (past.before(note.seq).get((kind.name, id)) for note in acts)
    return cause == "expired" or any(one is not None and not one.record.ended_by for one in lived)


def _known_before(past: DeclaredPast, kind: Kind, id: str, entry: Recorded) -> PastCredential | None:
    return past.before(entry.answer_seq or LATEST).get((kind.name, id)) or past.known(kind.name, id)


def _unreadable(kind: Kind, entry: Recorded) -> str:
    """Say why nothing can be read at the place of a credential in a body, if there is a body; "" if there is none."""
    body = entry.body
    for place in kind.places.get(entry.operation, ()):
        if place.part != "body" or place.lens.startswith("form/") or body is UNSET:
            continue
        if not isinstance(body, dict | list):
            if entry.arrival.truncated or HttpMessage(body=str(body).encode()).strict_json is not NOTHING:
                return ""  # the journal keeps a large body as text
            return f" The body, which has to show it at {place}, is not JSON."
        member = place.lens[4:].partition("/")[0]
        if place.lens.startswith("jws.") and base64_json(dig(body, (member,))) is None:
            return f" The body, which has to show it at {place}, has no member {member} that is JSON in base64url."
    return ""


def _advice(platform: Platform, entry: Recorded) -> Iterator[str]:
    kind = platform.kinds.get(entry.refused_by)
    if kind is None:
        return
    words = {"noun": kind.noun, "a": kind.a, "renewed_by": renewed_by(platform, kind)}
    row = kind.refused.get(entry.cause)
    if row is not None and row.advice:
        yield row.advice.format_map(words)
        return
    if entry.cause != "missing" and kind.duty.get("dead"):
        yield ADVICE[kind.duty["dead"]].format_map(words)
    if entry.cause == "spent":
        yield ADVICE["uses"].format_map(words)
    if kind.duty.get("alone"):
        yield ADVICE["alone"].format_map(words)


def renewed_by(platform: Platform, kind: Kind) -> str:
    """Return the calls that bring one of a kind without showing one, as text."""
    names = [" ".join(platform.operations[name].routes[0]) for name in kind.renewed_by]
    return " or ".join(dict.fromkeys(names)) or "other means"


def _words(past: DeclaredPast, kind: Kind, entry: Recorded) -> dict[str, Any]:
    id = entry.shown.get(kind.name, "")
    before = [one for one in past.requests if one.number < entry.number]
    first = next((one for one in before if one.issued.get(kind.name) == id), None)
    uses = [one for one in before if one.shown.get(kind.name) == id and _used(past.platform, kind, one)]
    known, length = _known_before(past, kind, id, entry), kind.life
    ended = known is not None and known.end.at < NEVER
    return {
        "noun": kind.noun,
        "id": id,
        "at": _since(known, entry) if known is not None and ended else "",
        "by": _by(past, kind, id, known, entry) if known is not None and ended else "",
        "live": length.live,
        "uses": "one use" if length.uses == 1 else f"{length.uses} uses",
        "idle": _seconds(length.idle),
        "ttl": _seconds(length.ttl),
        "first": _named(first),
        "last": _named(uses[-1] if uses else first),
    }


def _used(platform: Platform, kind: Kind, one: Recorded) -> bool:
    """Return True if a request that showed a credential used it: it was accepted, or seen if that counts as a use."""
    if one.acted_at is None:
        return kind.seen_is_spent and is_struck(platform, one)
    return not one.refused_by or (kind.seen_is_spent and one.refused_by != kind.name)


def _since(known: PastCredential, entry: Recorded) -> str:
    at = known.end.at
    return f" at {iso(at)}, {span((entry.acted_at or entry.arrived_at) - at)} before this request"


def _by(past: DeclaredPast, kind: Kind, id: str, known: PastCredential, entry: Recorded) -> str:
    """Say what ended a credential: a call, the control API, or the end of its owner; "" if the journal does not say."""
    at = known.end.at
    before = [one for one in past.requests if one.number < entry.number]
    ending = (one for one in before if one.shown.get(kind.name) == id and one.operation in kind.ended)
    call = next((one for one in ending if one.acted_at is not None and not one.refused_by), None)
    if call is not None:
        return f", by {_named(call)}"
    if known.owner is not None and known.owner.ends_at <= min(at, known.record.ends_at):
        owner = past.platform.kinds[known.owner.kind]
        replayed = next((one for one in before if one.acted_at == at and _replays(past.platform, one)), None)
        cause = f", because {_named(replayed)} showed an old {replayed.refused_by}" if replayed is not None else ""
        return f", with the {owner.noun} that it belonged to{cause}"
    control = any(note.what == "end" and _concerns(note, kind.name, id) and note.at >= at for note in past.notes)
    return ", by the control API" if control else ""


def _replays(platform: Platform, entry: Recorded) -> bool:
    kind = platform.kinds.get(entry.refused_by)
    return kind is not None and kind.reuse_ends and entry.cause in {"spent", "succeeded"}


def _story(past: DeclaredPast, name: str, id: str, told: Recorded) -> CredentialStory:
    kind, known = past.platform.kinds[name], past.known(name, id)
    about = [one for one in past.requests if id in {one.issued.get(name), one.shown.get(name)}]
    was_good = kind.registered and any(_passed(past.platform, one, name) for one in about)
    unknown = "registered before this journal began" if was_good else "not known here"
    state = unknown if known is None else _state(past, kind, known)
    first = min((one.arrived_at for one in about), default=0)
    notes = [note for note in past.notes if _concerns(note, name, id) and note.at >= first]
    events = [(one.arrival.seq, _event(one, name, id, told)) for one in about] + [(note.seq, _act(note)) for note in notes]
    in_order = tuple(event for _, event in sorted(events, key=lambda one: one[0]))
    return CredentialStory(kind=name, noun=kind.noun, id=id, state=state, events=in_order)


def _concerns(note: Perturbed, kind: str, id: str) -> bool:
    return note.what in {"end", "register"} and note.detail.get("kind") == kind and note.detail.get("id") in {None, id}


def _act(note: Perturbed) -> LifeEvent:
    what = f"{note.detail.get('by', 'registered')} by the control API"
    return LifeEvent(at=note.at / 1000, time=iso(note.at), after=None, kind="world", what=what)


def _event(one: Recorded, kind: str, id: str, told: Recorded) -> LifeEvent:
    brought = one.issued.get(kind) == id
    what = f"{'brought by' if brought else 'shown to'} {_named(one)}: {_outcome(one)}"
    kinds = "refused" if one.refused_by else "created" if brought else "accepted"
    return LifeEvent(
        at=one.arrived_at / 1000,
        time=iso(one.arrived_at),
        after=None,
        kind=kinds,  # type: ignore[arg-type]  # each is an EventKind
        what=what,
        context_id=one.context_id,
        this=one.context_id == told.context_id,
    )


def _state(past: DeclaredPast, kind: Kind, known: PastCredential) -> str:
    cause, end, left = known.cause_at(past.now), known.end, known.record.left
    if cause:
        return f"{cause} since {iso(end.at)}"
    uses = "" if left is None else f", {left} of {kind.life.uses} uses left"
    return f"alive{uses}" + (f", until {iso(end.at)} if nothing happens" if end.at < NEVER else "")


def _outcome(entry: Recorded) -> str:
    if entry.refused_by:
        return f"{entry.status}, {entry.refused_by} {entry.cause}"
    return str(entry.status) if entry.status is not None else entry.fault or "no answer"


def _named(entry: Recorded | None) -> str:
    return "something before this journal" if entry is None else f"request {entry.number} ({entry.operation})"


def _seconds(milliseconds: int | None) -> str:
    return "for ever" if milliseconds is None else f"{milliseconds / 1000:g} s"
