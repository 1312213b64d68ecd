"""Files on disk: where a model is, its tensors, its tokenizer."""
