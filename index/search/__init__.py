"""Passages, their embeddings, and what ranks them for a question."""
