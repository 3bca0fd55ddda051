"""Bounds the share of Any among the expressions of each module of the media core.

`python -m tests.any_expressions` has mypy count them; it ends with 1 and names the modules that are above MOST.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ["utils/mediakit", "apps/media"]
MOST = 5.0  # per cent of a module's expressions
ROW = re.compile(r"^\s*(?P<module>[\w.]+)\s+(?P<anys>\d+)\s+(?P<all>\d+)\s+[\d.]+%\s*$", re.MULTILINE)


def shares(report: str) -> dict[str, float]:
    """Per cent of Any by module of FOLDERS, from the text of the report. Raises ValueError if there is none of them."""
    prefixes = tuple(folder.replace("/", ".") for folder in FOLDERS)
    rows = [row for row in ROW.finditer(report) if row["module"].startswith(prefixes)]
    if not all(any(row["module"].startswith(prefix) for row in rows) for prefix in prefixes):
        raise ValueError("mypy's report lists no module of the media core: has its form changed?")
    return {row["module"]: 100 * int(row["anys"]) / max(int(row["all"]), 1) for row in rows}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mypy", *FOLDERS, "--any-exprs-report", folder]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout, done.stderr)
            return 1
        found = shares((Path(folder) / "any-exprs.txt").read_text())
    above = {module: share for module, share in found.items() if share > MOST}
    for module, share in above.items():
        print(f"{module}: {share:.1f} % of its expressions are Any, at most {MOST:g} % may be")
    worst = max(found, key=lambda module: found[module])
    print(f"Any in {len(found)} modules of the media core: at most {found[worst]:.1f} % ({worst})")
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
