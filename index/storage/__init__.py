"""What lies on disk, and how it outlasts a crash."""
