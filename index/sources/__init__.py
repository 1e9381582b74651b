"""Bytes or an address in, an article out."""
