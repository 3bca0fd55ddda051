"""So many random money events with faults injected, against a second gateway: `python benchmarks/money_events.py`.

    python benchmarks/money_events.py --events 100000 --seed 1
    python benchmarks/money_events.py --seed 1 --batch 17      one batch again

Each batch has buyers of its own. After it everything comes to rest, and the books are compared. Prints what broke, with
the batch's number, how often each kind of event, fault and outcome came up, and exits with 1 where something broke or a
long run never had one of them. The database is an SQLite file of its own, or DATABASE_URL.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

BATCH = 500  # events
ENOUGH = 50_000  # in so many events every kind of event, fault and outcome has to come up


def main() -> int:
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--events", type=int, default=100_000)
    wanted.add_argument("--seed", type=int, default=1)
    wanted.add_argument("--batch", type=int, help="only this one")
    wanted.add_argument("--first", type=int, default=0, help="the batch to begin with")
    told = wanted.parse_args()
    memory = Path("/dev/shm")  # noqa: S108  (a folder of our own in it)
    folder = Path(tempfile.mkdtemp(prefix="money-events-", dir=memory if memory.is_dir() else None))
    os.environ |= {
        "DATA_DIR": str(folder), "SECRET_KEY": "x" * 50, "DJANGO_SETTINGS_MODULE": "streamsite.settings",
        "REDIS_URL": f"unix://{folder}/none.sock",
    }  # fmt: skip
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/money.sqlite3")
    try:
        return run(told, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(told: argparse.Namespace, folder: Path) -> int:
    """Every batch in turn; returns the exit status."""
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.money.seen import Seen
    from benchmarks.money.trial import Trial

    call_command("migrate", verbosity=0)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    wall, work, seen, broken = time.monotonic(), time.process_time(), Seen(), 0
    batches = [told.batch] if told.batch is not None else range(told.first, told.first + -(-told.events // BATCH))
    with Trial(folder) as trial:
        for number in batches:
            # batches lie apart in time: no day has money of two
            at = datetime(2026, 1, 2, 4, tzinfo=UTC) + timedelta(days=40 * number)
            found, world = trial.batch(seed=told.seed * 1_000_000 + number, at=at, events=BATCH)
            seen.add(world)
            broken += len(found)
            for line in found:
                print(f"batch {number}: {line}", flush=True)
            if number % 10 == 9:
                print(f"{sum(seen.events.values())} events, {broken} broken", flush=True)
    events = sum(seen.events.values())
    wall, work = time.monotonic() - wall, time.process_time() - work
    print(f"{events} events in {wall:.0f} s, {work:.0f} of them of a processor, {broken} broken")
    seen.tell()
    missing = seen.missing() if events >= ENOUGH else []
    for kind in missing:
        print(f"never: {kind}")
    return 1 if broken or missing else 0


if __name__ == "__main__":
    sys.exit(main())
