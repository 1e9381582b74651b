"""These faults are made with fork, signals and limits that Windows does not have."""

import sys

collect_ignore_glob = ["test_*.py"] if sys.platform == "win32" else []
