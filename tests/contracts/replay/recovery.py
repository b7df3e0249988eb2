"""The share of generated recordings from which policy inference recovers what they show.

Run it with `python -m tests.contracts.replay.recovery`. For each of idle timeout and ttl, the report is compared with what
can be known at all (see `oracle`):

- *sound*: the true value lies in the reported range;
- *strictly*: it is reported as determined exactly if the platform's own moments determine it;
- *recovered*: the same, with the moments known only as well as the recording knows them.

With *strictly*, the bounds are those of the tightest probes, except for what the timestamps leave open: how long two requests
took, and how coarse the times are. No inference can always do that, because the timestamps may not show which of two reasons a
refusal had. With *recovered*, the bounds are right to the resolution of the timestamps.

A recording counts if both values do.
"""

from __future__ import annotations

import argparse
from io import BytesIO
from typing import NamedTuple

from contracts.replay import archives, traces
from contracts.replay.infer.evidence import sessions
from contracts.replay.infer.infer import Spans, spans_of
from contracts.replay.infer.solve import Span, solve
from contracts.replay.recording import Recording
from tests.contracts.replay.generated import Generated, generate
from tests.contracts.replay.oracle import Known, Oracle

KINDS = {"trace": 0, "har": 1, "opaque har": 1, "opaque har in seconds": 1000}
"""Kinds of recordings, and to how many milliseconds they tell time; a trace knows the platform's own moments."""

ROUNDING = 4
"""Milliseconds lost where floating point seconds and halves of milliseconds meet whole ones."""


class Verdict(NamedTuple):
    """The quality of one reported value, and whether anything can be known of it."""

    sound: bool
    strictly: bool
    recovered: bool
    bracketed: bool


def recording_of(made: Generated, kind: str) -> Recording:
    """The recording as a file of this kind."""
    if kind == "trace":
        return traces.read(made.trace.splitlines(), "generated.jsonl")
    raw = made.har(opaque=kind != "har", resolution=KINDS[kind])
    return archives.read(BytesIO(raw), "generated.har")


def verdicts(made: Generated, kind: str) -> tuple[Verdict, Verdict]:
    """Return how well the recording shows idle timeout and ttl."""
    recording = recording_of(made, kind)
    spans: Spans = spans_of(recording, solve(sessions(recording)))
    exact, seen, told = _known(made, 0), _known(made, KINDS[kind]), not kind.startswith("opaque")
    loose = ROUNDING + (made.uncertainty + 2 * KINDS[kind] if KINDS[kind] else 0)
    ttl = made.policy.ttl
    idle = min(made.policy.idle_timeout, ttl)
    return (
        _verdict(spans["idle_timeout"], idle, exact[0], loose, seen[0], told=told),
        _verdict(spans["ttl"], ttl, exact[1], loose, seen[1], told=told),
    )


_oracles: dict[tuple[int, int], tuple[Known, Known]] = {}


def _known(made: Generated, resolution: int) -> tuple[Known, Known]:
    """Return what can be known of idle timeout and ttl. It is cached, because it takes long."""
    key = made.seed, resolution
    if key not in _oracles:
        oracle = Oracle(made, resolution)
        _oracles[key] = oracle.idle(), oracle.ttl()
    return _oracles[key]


def _verdict(span: Span, truth: int, exact: Known, loose: int, seen: Known, *, told: bool) -> Verdict:
    strictly, recovered = _agree(span, exact, loose, told), _agree(span, seen, ROUNDING, told)
    return Verdict(span.holds(truth), strictly, recovered, exact.at_most is not None)


def _agree(span: Span, known: Known, off: int, told: bool) -> bool:
    """Return whether the span is what can be known, give or take `off` milliseconds. If reasons are `told`, it may know
    more."""
    if known.at_most is None:
        return span.at_most is None or told
    return span.at_most is not None and span.least - 1 >= known.above - off and span.at_most.value <= known.at_most + off


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description="Measures policy inference on generated recordings.")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    made = [generate(seed) for seed in range(arguments.first, arguments.first + arguments.seeds)]
    print(f"{len(made)} recordings{'sound':>16}{'recovered':>11}{'strictly':>10}   bracketed: idle timeout, ttl")
    for kind in KINDS:
        found = [verdicts(one, kind) for one in made]
        counts = [sum(all(getattr(one, what) for one in pair) for pair in found) for what in ("sound", "recovered", "strictly")]
        bracketed = [sum(pair[place].bracketed for pair in found) for place in (0, 1)]
        print(f"{kind:22}{counts[0]:>8}{counts[1]:>11}{counts[2]:>10}{bracketed[0]:>24}{bracketed[1]:>7}")
        missed = [one.seed for one, pair in zip(made, found, strict=True) if not all(one.recovered for one in pair)]
        if missed:
            print(f"    not recovered: seeds {', '.join(map(str, missed))}")


if __name__ == "__main__":
    main()
