"""The judge for clients of a declared platform. Its clauses take the kind of credential as a parameter.

`walk` lists the scenarios, and `runner` plays each one against a mock. `history` reads the messages on the wire, and `judge`
folds `clauses` over that; `rules` is their catalogue. `contracts.verify.declared` searches with all of it.
"""
