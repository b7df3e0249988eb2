"""The tests of both packages; folders mirror the source tree."""
