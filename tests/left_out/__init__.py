"""Packages that the processes which tests start do without.

httpx imports each if it is installed. The tests' own environment has them, those of users seldom do, and to load them takes
half of the time in which a small client starts.
"""
