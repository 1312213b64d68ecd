"""Files on disk: where a model is, its configuration and its tensors."""
