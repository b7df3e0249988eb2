"""HAR: reads recordings of HTTP by browsers and proxies as traces, and writes traces as HAR.

Requests to the platform become arrivals and answers on a wall clock. Secrets are redacted while they are read. A file that
dayfly wrote also holds the entries of its trace, and is read back unchanged.
"""

from contracts.har.extent import Extent
from contracts.har.kinds import HarError
from contracts.har.opening import opened
from contracts.har.reader import HarReading, read, reading
from contracts.har.writer import HarRecording, archive

__all__ = ["Extent", "HarError", "HarReading", "HarRecording", "archive", "opened", "read", "reading"]
