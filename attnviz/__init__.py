"""See what a transformer attends to."""

__version__ = "0.1.0"
