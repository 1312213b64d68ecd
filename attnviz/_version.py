"""The version of attnviz."""

__version__ = "0.1.0"
