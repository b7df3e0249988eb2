"""Facts about a report, in a few words each."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from contracts.har.extent import FEW
from contracts.judge import DEFAULTS, UNTOLD, Requirement
from contracts.report.model import Counterexample, Report, Walked


def of_report(report: Report) -> Iterator[str]:
    """Say how much was run, and the seed that repeats it."""
    yield counted(report.examples, "run")
    if report.seed is not None:
        yield f"seed {report.seed}"
    yield from terms(report)
    yield f"{report.elapsed_s:.1f} s"


def terms(report: Report) -> Iterator[str]:
    """Say what a client was held to: the platform, or how messages have to be delivered."""
    if report.subject == "client":
        yield f"platform {report.platform}" if report.platform else report.delivery


def remarks(report: Report) -> Iterator[str]:
    """Return the remarks that concern the whole report and not one clause, a line each."""
    if report.extent:
        yield report.extent
    yield from refused(report)
    if report.inferred:
        yield inferred(report)
    yield from unjudged(report)
    yield from runs(report)
    if report.interrupted:
        yield "interrupted: this is what was found so far, and nothing was minimized"
    if report.removed:
        files = ", ".join(report.removed)
        fail, them = ("fails", "it was") if len(report.removed) == 1 else ("fail", "they were")
        yield f"{counted(len(report.removed), 'kept scenario')} no longer {fail}, so {them} removed: {files}"
    if not report.violated:
        yield from report.stays
    if report.unkept:
        yield unkept(report)


def refused(report: Report) -> Iterator[str]:
    """Say which requests of a HAR file were refused, and the command that explains them."""
    if report.recording is None or not report.recording.refused:
        return
    found = [f"entry {entry}: {status}" for entry, status in report.recording.refused.items()]
    listed = "; ".join(found[:FEW]) + (f"; and {len(found) - FEW} more" if len(found) > FEW else "")
    options = f" --platform {shlex.quote(report.platform)}" if report.platform else ""
    file = "FILE" if report.target == "-" else shlex.quote(report.target)
    yield f"requests that were refused: {len(found)} ({listed}); to see why: dayfly reproduce{options} {file}"


def runs(report: Report) -> Iterator[str]:
    """Say which runs were made, and why some clauses could not be judged."""
    yield from no_verdict(report)
    if report.walked is not None:
        yield walked(report.walked)


def no_verdict(report: Report) -> Iterator[str]:
    """Say why some or all of the clauses could not be judged."""
    if report.delivery_unknown:
        yield "no verdict: whether messages arrive (D2, D3, D6) could not be judged"
    if report.real_time:
        yield report.real_time
    if report.stopped:
        yield f"{'stopped' if report.clauses else 'nothing could be judged'}: {report.stopped}"


def inferred(report: Report) -> str:
    """Say what the verdicts of a recording are based on."""
    messages = counted(report.inferred, "message")
    return f"{messages} inferred from guests, texts and order; a clause is violated only if it is so in every sensible reading"


def unjudged(report: Report) -> Iterator[str]:
    """Say how many clauses cannot be judged from a recording, grouped by reason, and what to do."""
    codes: dict[str, list[str]] = {}
    for result in report.unjudged:
        codes.setdefault(result.message, []).append(result.code)
    for why, some in codes.items():
        cannot = (
            f"{len(some)} of {counted(len(report.clauses), 'clause')} cannot be judged from a recording ({', '.join(some)})"
        )
        yield f"{cannot}: {_UNTOLD if why == UNTOLD else why}"


_UNTOLD = "it does not say what the client was asked to do or what it reported; run `dayfly verify` on the client"


def walked(steps: Walked) -> str:
    """Say what the client was put through besides the built-in scenarios."""
    singles, pairs = counted(steps.singles, "single fault"), counted(steps.pairs, "pair")
    return f"walked through {singles}, {pairs} and {counted(steps.others, 'other scenario')}, drew {steps.drawn}"


def unkept(report: Report) -> str:
    """Say why the corpus could not be kept: the first reason, and how many more files are affected."""
    first, *others = report.unkept
    more = f" (and {counted(len(others), 'file')} more)" if others else ""
    return f"the corpus could not be kept: {first}{more}"


def of_scenario(report: Report, found: Counterexample) -> Iterator[str]:
    """Say how large the scenario is, and how it was found."""
    if found.scenario is not None:
        yield f"{counted(found.scenario.intents, report.unit)}, {counted(len(found.scenario.parts), 'step')}"
    if found.shrunk_from is not None:
        yield f"shrunk from {counted(found.shrunk_from, report.unit)}"
    if found.found_on is not None:
        yield f"found on run {found.found_on} of {report.examples}"


def of_minimality(report: Report, found: Counterexample) -> tuple[str, str]:
    """Return a label and a sentence that say whether a step can be left out; both empty if that was not to be checked."""
    if found.minimal is None:
        return "", ""
    if found.minimal:
        return "minimal", f"without any one of these steps the {report.subject} passes (checked)"
    return "not minimal", "the runs for making it smaller were used up, so that some of these steps may be needless"


def of_confidence(found: Counterexample) -> str:
    """Say whether the violation happens every time; empty if the scenario was not run again."""
    if found.replays < 2:
        return ""
    same = f"{found.reproduced} of {found.replays} replays end the same way"
    if found.scenario is not None and found.scenario.chance:
        return f"{same}, each with other random numbers; the scenario keeps the ones that fail"
    return f"deterministic, {same}" if found.deterministic else same


def of_parameters(clause: Requirement | None) -> Iterator[str]:
    """Name the options that change what a clause requires, with their defaults."""
    for name in clause.parameters if clause is not None else ():
        default = getattr(DEFAULTS, name)
        shown = f"{default:g}" if isinstance(default, float) else default or "none"
        off = "; `off` switches it off" if name == "max_age" else ""
        yield f"--{name.replace('_', '-')} ({shown} by default{off})"


def counted(count: int, noun: str) -> str:
    """Count a noun: `1 run`, `2 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
