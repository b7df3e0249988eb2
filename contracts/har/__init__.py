"""HAR: recordings of HTTP as browsers and proxies write them, read as traces, and traces written so.

Requests to the platform become arrivals and answers on a wall clock; secrets are redacted as they are
read. A file that dayfly wrote carries the entries of its trace beside what HAR knows, and is read back
as it was.
"""

from contracts.har.errors import HarError
from contracts.har.extent import Extent
from contracts.har.opening import opened
from contracts.har.reader import Reading, read, reading
from contracts.har.writer import Recording, archive

__all__ = ["Extent", "HarError", "Reading", "Recording", "archive", "opened", "read", "reading"]
