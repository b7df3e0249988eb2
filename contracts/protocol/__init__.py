"""The judge of clients of a declared platform: clauses are parametric in the kind of credential.

The way of a scenario: `walk` lists it, `runner` plays it before a mock, `history` reads what was on the wire, `clauses` are
folded over that by `judge`, and `verify` keeps the smallest scenario for each clause that was broken.
"""
