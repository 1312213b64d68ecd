"""Pure functions over results: views, choices, answers, measures."""
