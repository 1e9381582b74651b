"""Question files in, figures out. Nothing that serves questions imports it."""
