"""Versions of what is stored, raised whenever the same documents would be stored otherwise. Light: imports nothing."""

INDEX_VERSION = "5"
WORDS_VERSION = "1"
