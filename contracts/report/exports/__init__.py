"""A counterexample as something that runs by itself: a pytest file that fails while the client does, a script for curl."""
