"""Unpack and decode files and standard input."""
