"""Everything that can go wrong on a disk, done on purpose: ``python -m tests.faults``."""

import os

# Processes are forked here, and the threads of a numeric library do not survive that: there are none.
os.environ.setdefault("OMP_NUM_THREADS", "1")
