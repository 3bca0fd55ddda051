"""The commands of nodes, workers and beat, read from the systemd units that the site ships."""

from __future__ import annotations

import re
import shlex
import signal
from dataclasses import dataclass
from pathlib import Path

from options import ROOT

UNITS = ROOT / "deploy" / "systemd"


@dataclass(frozen=True)
class Unit:
    """A service that streamsite.target starts: `kind` is node, worker or beat; `instance` a number, a queue or ""."""

    kind: str
    instance: str
    command: list[str]
    stop_signal: signal.Signals


def units(*, run_dir: Path, state_dir: Path) -> list[Unit]:
    """All services of streamsite.target, with this machine's folders instead of those in the units."""
    wanted = " ".join(_values("streamsite.target", "Wants"))
    found = re.findall(r"streamsite-([a-z]+)(?:@([^.\s]+))?\.service", wanted)
    return [_unit(kind, instance, run_dir=run_dir, state_dir=state_dir) for kind, instance in found]


def _unit(kind: str, instance: str, *, run_dir: Path, state_dir: Path) -> Unit:
    file = f"streamsite-{kind}{'@' if instance else ''}.service"
    folders = {"/srv/streamsite/app": ROOT, "/run/streamsite": run_dir, "/var/lib/streamsite-beat": state_dir}
    command = []
    for word in shlex.split(_values(file, "ExecStart")[0]):
        filled = re.sub(r"%([i%])", lambda found: instance if found[1] == "i" else "%", word)
        for shipped, own in folders.items():
            filled = filled.replace(shipped, str(own))
        command.append(filled)
    stop_signal = next(iter(_values(file, "KillSignal")), "SIGTERM")
    return Unit(kind, instance, command, signal.Signals[stop_signal])


def _values(file: str, name: str) -> list[str]:
    """The values of an option in a unit, in order."""
    return re.findall(rf"^{name}=(.+)$", (UNITS / file).read_text(), re.MULTILINE)
