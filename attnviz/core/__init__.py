"""The arithmetic of a transformer: NumPy alone, no files, no text."""
