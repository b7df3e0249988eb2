"""Replays recordings: makes each request anew on a fresh organisation, in the recording's own time, and compares the
answers.
"""

from contracts.reproduce.errors import RecordingError
from contracts.reproduce.open import open_recording
from contracts.reproduce.results import Report
from contracts.reproduce.run import reproduce

__all__ = ["RecordingError", "Report", "open_recording", "reproduce"]
