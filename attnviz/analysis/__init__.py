"""Pure functions over results: what to look at, what to show, where a word looks."""
