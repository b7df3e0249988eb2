"""Reports: what was found, as a value, and one writer per format. None of them knows a clause by its code."""
