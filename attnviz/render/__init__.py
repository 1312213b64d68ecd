"""Pure functions from a result to something to look at."""
