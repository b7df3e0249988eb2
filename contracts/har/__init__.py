"""HAR: reads recordings of HTTP by browsers and proxies as traces, and writes traces as HAR.

Requests to the platform become arrivals and answers on a wall clock. Secrets are redacted while they are read. A file that
dayfly wrote also holds the entries of its trace, and is read back unchanged.
"""
