"""Strings of vocabularies as tokens that people read, each in its word."""
