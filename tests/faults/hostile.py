"""Reads every hostile source with the default limits: ``python -m tests.faults.hostile [NAME]...``.

Each is read in a process of its own. Prints how it was refused, how long that took, and how much memory above
idle (of this process, and of the one that extracts); ends with an error where one was not refused within
10 seconds and 300 MB.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from index.errors import ArticleError
from tests.index.hostile import CASES, Server

MAX_SECONDS, MAX_MB = 10.0, 300.0
_STATUS = Path("/proc/self/status")


def _memory(field: str) -> float:
    """A line of this process's status in MB."""
    lines = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
    return int(lines[field].split()[0]) / 1_000


def attempt(name: str) -> dict[str, object]:
    """Reads one source, and says how it went."""
    server = Server()
    tried = CASES[name](server)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    idle, began = _memory("VmRSS"), time.perf_counter()
    message = None
    try:
        tried()
    except ArticleError as error:
        message = str(error)
    seconds = time.perf_counter() - began
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1_000
    return {"message": message, "seconds": seconds, "mb": _memory("VmHWM") - idle + children}


def main(names: list[str]) -> int:
    """Reads the sources of these names, or all."""
    refused = 0
    for name in names or list(CASES):
        command = [sys.executable, "-m", "tests.faults.hostile", "--one", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said: dict[str, Any] = {"message": "", "seconds": 0.0, "mb": 0.0}
        if done.returncode == 0:
            said = json.loads(done.stdout)
        message, seconds, mb = said["message"], float(said["seconds"]), float(said["mb"])
        well = bool(message) and seconds < MAX_SECONDS and mb < MAX_MB
        refused += well
        print(f"{'refused' if well else 'FAILED '} {seconds:5.2f} s {mb:4.0f} MB  {name[:60]}")
        print(f"        {message or done.stderr[-500:] or 'was read as an article'}", flush=True)
    total = len(names or CASES)
    print(f"{refused} of {total} refused within {MAX_SECONDS:g} s and {MAX_MB:g} MB above idle.")
    return 0 if refused == total else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(attempt(sys.argv[2])))
    else:
        sys.exit(main(sys.argv[1:]))
