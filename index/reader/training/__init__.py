"""Trains the reader. Nothing that answers questions imports it."""
