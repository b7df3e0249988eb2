"""HAR 1.2: recordings of HTTP as browsers and proxies write them, read as traces, and traces written so that these open them.

Platform requests become arrivals and answers on a wall clock; secrets are redacted as they are read. What dayfly wrote itself
carries the entries of its trace beside what HAR knows, and is read back as it was.
"""

from contracts.har.errors import HarError
from contracts.har.reader import MAX_BYTES, Reading, read, reading
from contracts.har.writer import Recording, archive

__all__ = ["MAX_BYTES", "HarError", "Reading", "Recording", "archive", "read", "reading"]
