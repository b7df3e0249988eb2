"""How a client is driven: a Python object in this process, in virtual time, or a process that speaks JSON Lines."""
