"""The conformance kit for shims: it plays the simulation to a process, and checks what the process does by the protocol."""
