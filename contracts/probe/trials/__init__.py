"""The directed questions, a file for each matter; what only a history of steps can show is the machine's."""

from contracts.probe.trials import answers, bodies, deadlines, guards, ids, race, rate, replicas, scopes, tokens
from contracts.probe.trials.trial import Need, Trial, offered

TRIALS: tuple[Trial, ...] = (
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

__all__ = ["TRIALS", "Need", "Trial", "offered"]
