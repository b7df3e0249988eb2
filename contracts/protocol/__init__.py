"""The judge for clients of a declared platform. Its clauses take the kind of credential as a parameter.

`walk` lists the scenarios, and `runner` plays each one against a mock. `history` makes a `contracts.history.History` of what
was on the wire. `rules` is the catalogue: those of `contracts.clauses` that any platform can have, and those in `clauses`.
`contracts.verify.declared` searches with all of it.
"""
