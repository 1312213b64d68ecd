"""Attention at work: small trained heads over a model's vectors, and what they do."""
