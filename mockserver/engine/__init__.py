"""The platform's rules as pure functions, without I/O, clock, randomness or web framework."""
