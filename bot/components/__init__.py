"""Buttons and modals that work after a restart."""
