"""The data that flows through the index, as frozen dataclasses."""
