"""Lighthouse (mobile) over the home page and a watch page of a running site: `make lighthouse`.

SITE_URL names the site (http://127.0.0.1:$PORT unless set). Ends with an error below the scores asked for.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = os.environ.get("SITE_URL") or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"
ASKED = {"performance": 90, "accessibility": 95, "best-practices": 95}
FLAGS = "--headless=new --no-sandbox --disable-dev-shm-usage"


def scores(url: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [
                *("node", str(ROOT / "node_modules/lighthouse/cli/index.js"), url, "--quiet", "--output=json"),
                *(f"--output-path={report}", f"--only-categories={','.join(ASKED)}", f"--chrome-flags={FLAGS}"),
            ],
            check=True,
            env={**os.environ, "CHROME_PATH": os.environ.get("CHROME_PATH", "/usr/bin/chromium")},
        )
        found = json.loads(report.read_text())
    for audit in found["audits"].values():
        if audit["score"] is not None and audit["score"] < 0.9 and audit["scoreDisplayMode"] in {"binary", "numeric"}:
            print(f"    {audit['id']}: {audit.get('displayValue', audit['title'])}")
    return {name: round(100 * row["score"]) for name, row in found["categories"].items()}


def main() -> None:
    with urllib.request.urlopen(f"{SITE}/", timeout=30) as answer:  # noqa: S310
        watch = re.search(r'href="(/single/\d+/1/)"', answer.read().decode())
    low = False
    for path in ["/", *([watch.group(1)] if watch else [])]:
        found = scores(SITE + path)
        print(path, found)
        low = low or any(found[name] < least for name, least in ASKED.items())
    sys.exit(1 if low else 0)


if __name__ == "__main__":
    main()
