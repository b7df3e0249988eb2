"""Measurements. None of them is a test: machines differ and drift, so only ratios within one run mean anything."""
