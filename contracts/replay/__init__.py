"""Reconstructs what happened, and repeats it: a recording in its own time, or the smallest story of one refused request.

A recording, or the journal behind a request, becomes steps. They are run on a fresh organisation in this process and compared
with what was answered. From that `infer` finds the policy, and `minimize` a story in which no step can be left out.
"""

from contracts.replay.archives import open_recording
from contracts.replay.recording import RecordingError
from contracts.replay.reproduce import reproduce, smallest
from contracts.replay.results import ReproductionReport

__all__ = ["RecordingError", "ReproductionReport", "open_recording", "reproduce", "smallest"]
