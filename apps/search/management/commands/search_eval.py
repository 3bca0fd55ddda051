"""Measures search on pairs of a query and the title it means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.search import services

NAMED = 10  # faults that are printed


class Command(BaseCommand):
    help = "Print the share of queries whose title is found first and within five, by kind, on the current index."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("pairs", type=Path, help="lines of a query, an id or a title, and a kind, tab-separated")
        parser.add_argument("--limit", type=int, help="use the first so many pairs")
        parser.add_argument("--missed", action="store_true", help="print the queries whose title isn't within five")

    def handle(self, *, pairs: Path, limit: int | None, missed: bool, **options: Any) -> None:
        if limit is not None and limit < 1:
            raise CommandError("--limit has to be 1 or more.")
        try:
            with pairs.open(encoding="utf-8") as file:
                known, faults = services.read_pairs(lines=file)
        except OSError as error:
            raise CommandError(f"{pairs} can't be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{pairs} isn't UTF-8 (byte {error.start}).") from error
        for fault in faults[:NAMED]:
            self.stderr.write(fault)
        if not known:
            raise CommandError(f"{pairs} has no pair to measure ({len(faults)} lines can't be used).")
        figures = services.evaluate(pairs=known[:limit])
        self.stdout.write(f"{'kind':<16}{'pairs':>7}{'first':>9}{'in five':>9}")
        for kind in sorted(figures):
            row = figures[kind]
            self.stdout.write(f"{kind:<16}{row.pairs:>7}{row.first_share:>9.1%}{row.within_share:>9.1%}")
        if missed:
            for row in figures.values():
                for pair in row.missed:
                    self.stdout.write(f"missed\t{pair.kind}\t{pair.query}\t{min(pair.wanted)}")
        if faults:
            raise CommandError(f"{len(faults)} lines can't be used.")
