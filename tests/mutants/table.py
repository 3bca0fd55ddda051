"""The table of mutants: the .toml files beside this module, one for each area.

A row has a `name`, the `file` to edit, the text `before` and `after`, and the `tests` to run (files or test ids).
`before` has to stand in the file exactly once: code that moved on takes its rows along, so that the table can't rot.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLES = Path(__file__).parent


class NotApplicable(Exception):
    """The row doesn't fit the code or the tests any more; the message says what to correct."""


@dataclass(frozen=True)
class Mutant:
    """One small edit, and the tests of which at least one has to fail because of it."""

    area: str  # the name of its table
    name: str
    file: str  # relative to the project
    before: str
    after: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.area}: {self.name}"

    def applied(self, text: str) -> str:
        """The file's text with the edit. Raises NotApplicable."""
        if (found := text.count(self.before)) != 1:
            raise NotApplicable(f"{self}: {self.before!r} stands {found} times in {self.file}, not once")
        edited = text.replace(self.before, self.after)
        if edited == text:
            raise NotApplicable(f"{self}: it changes nothing")
        if self.file.endswith(".py"):
            try:
                compile(edited, self.file, "exec")
            except SyntaxError as error:
                raise NotApplicable(f"{self}: {self.file} is no Python any more: {error}") from error
        return edited

    def check(self, root: Path = ROOT) -> None:
        """Raises NotApplicable where the edit can't be made, or a test that it names isn't there."""
        path = root / self.file
        if not path.is_file():
            raise NotApplicable(f"{self}: there is no {self.file}")
        self.applied(path.read_text())
        if not self.tests:
            raise NotApplicable(f"{self}: it names no test")
        for test in self.tests:
            file, _, name = test.partition("::")
            if not (root / file).is_file():
                raise NotApplicable(f"{self}: there is no {file}")
            if name and not re.search(rf"^def {re.escape(name)}\(", (root / file).read_text(), re.MULTILINE):
                raise NotApplicable(f"{self}: {file} has no {name}")


def mutants() -> Iterator[Mutant]:
    """Every row, area by area."""
    for path in sorted(TABLES.glob("*.toml")):
        for row in tomllib.loads(path.read_text())["mutant"]:
            yield Mutant(path.stem, **{**row, "tests": tuple(row["tests"])})
