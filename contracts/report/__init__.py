"""Reports: the findings as a value, and one writer per format. No writer knows any clause by its code."""
