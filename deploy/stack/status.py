"""`make stack-status`: one line for each part of the stack on DATA_DIR: name, kind, state, address, lag or queue."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "embedded"))

import looks
from console import fail
from redis.exceptions import RedisError


def main() -> None:
    data_dir = Path(os.environ.get("DATA_DIR") or ROOT / "data-stack").expanduser().resolve()
    try:
        parts: list[dict[str, Any]] = json.loads((data_dir / "stack" / "parts.json").read_text())
    except FileNotFoundError:
        fail(f"No stack is running on {data_dir}. Start it: make stack DATA_DIR={data_dir}")
    sockets = {part["name"]: part["socket"] for part in parts}
    lines = [(part["name"], part["kind"], *_state(part, sockets)) for part in parts]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for line in lines:
        print("  ".join(word.ljust(width) for word, width in zip(line, (*widths, 0), strict=True)).rstrip())


def _state(part: dict[str, Any], sockets: dict[str, str]) -> tuple[str, str, str]:
    """State, address and figure of a part."""
    if not part["pid"] or not Path(f"/proc/{part['pid']}").exists():
        return "down", part["address"], ""
    state = f"up, restarted {part['restarts']} ×" if part["restarts"] else "up"
    try:
        return state, part["address"], _figure(part, sockets)
    except (OSError, ValueError, RedisError, subprocess.CalledProcessError):
        return "doesn't answer", part["address"], ""


def _figure(part: dict[str, Any], sockets: dict[str, str]) -> str:
    match part["kind"]:
        case "MariaDB replica":
            return looks.replica(sockets["primary"], part["socket"])
        case "MariaDB primary":
            return f"{looks.connections(part['socket'])} connections"
        case "Redis":
            return looks.memory(part["socket"])
        case "uWSGI node":
            return looks.node(part["socket"])
        case "Celery worker":
            return looks.queue(sockets["redis"], part["queue"])
        case "Celery beat":
            return looks.beat(sockets["redis"])
        case "nginx":
            return looks.front(part["address"])
    return ""


if __name__ == "__main__":
    main()
