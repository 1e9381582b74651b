"""How the whole suite runs."""

from hypothesis import settings

# A shared machine can pause for longer than an example takes: a slow example is no failure.
settings.register_profile("footnote", deadline=None)
settings.load_profile("footnote")
