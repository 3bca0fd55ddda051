"""Writes followed by reads on a MariaDB primary and two replicas that lag 0 to 3 s at random, and what routing costs.

Starts the servers on the loopback. Four viewers change a notice and read it PAIRS times in all (10,000), each beside an
anonymous reader, through the site's own middleware; both replicas stop applying and go on at random. Then every fault
of a replica, as the tests play it (`tests/replicas/driver.py`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main() -> int:
    from tests import environment

    os.environ.setdefault("PAIRS", "10000")
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "told.json"
            command = [sys.executable, "-m", "tests.replicas.driver", str(file)]
            subprocess.run(command, cwd=ROOT, env={**os.environ, "LOG_LEVEL": "ERROR"}, check=True)
            told = json.loads(file.read_text())
    finally:
        environment.pytest_unconfigure()
    return report(told)


def report(told: dict) -> int:
    """Print the results; 1 if a read was stale or too few anonymous ones reached replicas."""
    pairs, cost = told["pairs"], told["cost"]
    own, anonymous = (1 - pairs[who].get("1", 0) / pairs["pairs"] for who in ("own", "anonymous"))
    print(f"{pairs['pairs']} pairs in {pairs['seconds']:.0f} s: {len(pairs['stale'])} stale")
    print(f"read from replicas: {own:.1%} of the viewers' own reads, {anonymous:.1%} of anonymous ones")
    print(f"statements of an anonymous home page: {told['home']}")
    print(f"a question to the router: {cost['question']:.2f} µs, a request's first: {cost['first']:.0f} µs")
    print(
        f"tables of a statement: {cost['tables']:.2f} µs; watching three servers: {cost['watching']:.2%} of a processor"
    )
    for fault in ("lag", "killed", "hung"):
        found = told[fault]
        print(
            f"{fault}: left out after {found['out']:.2f} s, taken back after {found['back']:.2f} s, {found['requests']}"
            f" requests, {len(found['wrong'])} errors, slowest {found['slowest']:.2f} s"
        )
    return int(bool(pairs["stale"]) or anonymous < 0.8)


if __name__ == "__main__":
    sys.exit(main())
