"""Runs every fault and counts: ``python -m tests.faults [--kills 200] [--quick] [--postgresql]``."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from tests.faults import disk, interruptions, kills
from tests.faults.databases import in_postgresql
from tests.faults.world import Result, prepare


def main() -> None:
    """Runs the command; ends with 1 where anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many times the process is killed")
    parser.add_argument("--seed", type=int, default=1, help="for the moments and the bits")
    parser.add_argument("--quick", action="store_true", help="only a few of the faults other than kills")
    parser.add_argument("--restarts", type=int, default=50, help="how many times PostgreSQL is restarted")
    parser.add_argument(
        "--postgresql", action="store_true", help="with a PostgreSQL of the run's own, which restarts, too"
    )
    args = parser.parse_args()
    logging.disable(logging.WARNING)  # what the library says of the faults is counted instead
    prepare()
    with tempfile.TemporaryDirectory() as folder:
        results = (_with_postgresql if args.postgresql else _with_sqlite)(Path(folder), args)
    for result in results:
        survived = result.cases - len(result.lost)
        print(f"{result.name:<38} {result.cases:>5} times: {survived:>5} survived, {len(result.lost)} lost")
        if result.note:
            print(f"    {result.note}")
        for lost in result.lost:
            print(f"    LOST {lost}")
    if any(result.lost for result in results):
        sys.exit(1)


def _with_sqlite(folder: Path, args: argparse.Namespace) -> list[Result]:
    return [
        kills.run(folder / "kills", args.kills, args.seed, told=True),
        *interruptions.run(folder / "interruptions", quick=args.quick),
        *disk.run(folder / "disk", args.seed, quick=args.quick),
    ]


def _with_postgresql(folder: Path, args: argparse.Namespace) -> list[Result]:
    """What happens to a disk is the same; to PostgreSQL's own, it is PostgreSQL's to survive."""
    with in_postgresql() as server:
        return [
            kills.run(folder / "kills", args.kills, args.seed, told=True),
            kills.run(folder / "restarts", args.restarts, args.seed, server=server, told=True),
            *interruptions.run(folder / "interruptions", quick=args.quick),
        ]


if __name__ == "__main__":
    main()
