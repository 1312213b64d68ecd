"""Many texts: read one by one from files, with what people annotated in them."""
