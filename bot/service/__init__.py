"""The async face of the index, and what keeps it fair."""
