"""One right client on many HTTP stacks: `rules` decides what is done next, a stack makes the calls and lets time pass."""
