"""Reads a passage with a question: where the answer stands, if it does, and what a text says of a claim."""
