"""Footnote in Discord and on the command line. Uses only the index's public names."""

from bot.client import create_bot
from bot.settings import Settings

__all__ = ["Settings", "create_bot"]
