"""The judge: decides for each clause, from the trace alone, whether the client kept it.

A clause is a start and a pure step, folded over the moments of the trace's history. It ends as held, violated, not exercised
(the trace never put it to the test) or inconclusive (for example because the trace's clock does not support the finding).
"""

from contracts.judge.clause import (
    ANY_CLOCK,
    EXERCISED,
    LOWER_BOUND,
    UPPER_BOUND,
    Breach,
    Case,
    Clause,
    Clock,
    Exercised,
    Look,
    Mark,
    Requirement,
    StatefulClause,
    Subject,
)
from contracts.judge.deciding import UNTOLD, closeness, verdict
from contracts.judge.judging import Judgement, decide, judge
from contracts.judge.parameters import DEFAULTS, TYPED, Delivery, Parameters, header_name
from contracts.judge.verdicts import Evidence, Status, Verdict, Verdicts

__all__ = [
    "ANY_CLOCK",
    "DEFAULTS",
    "EXERCISED",
    "LOWER_BOUND",
    "TYPED",
    "UNTOLD",
    "UPPER_BOUND",
    "Breach",
    "Case",
    "Clause",
    "Clock",
    "Delivery",
    "Evidence",
    "Exercised",
    "Judgement",
    "Look",
    "Mark",
    "Parameters",
    "Requirement",
    "StatefulClause",
    "Status",
    "Subject",
    "Verdict",
    "Verdicts",
    "closeness",
    "decide",
    "header_name",
    "judge",
    "verdict",
]
