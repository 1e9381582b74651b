"""A file each; a new one says in ``down_revision`` which it comes after."""
