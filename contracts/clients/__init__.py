"""Drivers for clients: a Python object in this process, in virtual time, or a process that speaks JSON Lines."""
