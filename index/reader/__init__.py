"""Reads a passage with a question: where the answer stands, whether it stands there at all, what a text says of a claim."""
