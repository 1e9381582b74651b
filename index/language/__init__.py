"""What is English about it, and only here."""
