"""Text to labelled tokens, and back: files, settings, pieces, words, languages."""
