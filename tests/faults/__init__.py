"""Everything that can go wrong on a disk, done on purpose: ``python -m tests.faults``."""
