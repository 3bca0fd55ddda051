"""How far a restore has come, noted in a file so that a run that was killed can be repeated."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path


class Progress:
    """The backup that is being restored, and the names that a storage gave to its files.

    The file has the time of the backup, and a line for each name: once before the file has any content, and again when
    it is whole. Deleting it ends the run, in one step.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.backup = ""  # "": no run was killed
        self.names: dict[str, str] = {}  # of whole files, by those in the backup
        self._begun: dict[str, None] = {}
        if file.exists():
            self.backup, *lines = file.read_text().split("\n")
            for line in lines[:-1]:  # the last one is empty, or was cut off
                self._remember(*json.loads(line))

    def begin(self, backup: str, delete: Callable[[str], object]) -> None:
        """Start the restore of a backup: delete what a killed run has stored of another one."""
        for name in [*self.names.values(), *self._begun]:
            delete(name)
        self.backup, self.names, self._begun = backup, {}, {}
        fresh = self._file.with_name(f"{self._file.name}.new")
        fresh.write_text(f"{backup}\n")
        fresh.replace(self._file)

    def note(self, old: str, fresh: str, *, whole: bool) -> None:
        """Note a new name, before anything is stored under it if it isn't whole."""
        with self._file.open("a") as out:
            out.write(json.dumps([old, fresh, whole], ensure_ascii=False) + "\n")
            out.flush()
            os.fsync(out.fileno())
        self._remember(old, fresh, whole)

    def finish(self, delete: Callable[[str], object]) -> None:
        """Delete what didn't become whole; the run is over."""
        for name in self._begun:
            delete(name)
        self._file.unlink()

    def _remember(self, old: str, fresh: str, whole: bool) -> None:
        if whole:
            self._begun.pop(fresh, None)
            self.names[old] = fresh
        else:
            self._begun[fresh] = None
