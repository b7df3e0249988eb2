"""The directed trials, a file for each subject. The machine finds what only a history of steps shows."""

from contracts.probe.trials import answers, bodies, deadlines, guards, ids, race, rate, replicas, scopes, tokens
from contracts.probe.trials.trial import Need, ProbeTrial, offered

TRIALS: tuple[ProbeTrial, ...] = (
    *ids.TRIALS,
    *deadlines.TRIALS,
    *race.TRIALS,
    *scopes.TRIALS,
    *tokens.TRIALS,
    *guards.TRIALS,
    *bodies.TRIALS,
    *answers.TRIALS,
    *rate.TRIALS,
    *replicas.TRIALS,
)

__all__ = ["TRIALS", "Need", "ProbeTrial", "offered"]
