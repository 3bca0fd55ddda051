"""Compares the search index with the catalogue and mends it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.search import services


class Command(BaseCommand):
    help = "Compare the search index with the catalogue and index what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what differs; exit status 1 if anything")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        differ = 0
        try:
            for found in services.differences():
                counts = f"{len(found.missing)} missing, {len(found.stale)} stale, {len(found.left)} left over"
                self.stdout.write(f"{found.model}: {counts}")
                differ += len(found.pks())
                if not dry_run:
                    services.mend(found)
        except services.Outdated as error:
            raise CommandError(f"{error}") from error
        except services.NotThisEngine as error:
            raise CommandError("The Whoosh engine can't be compared: run manage.py rebuild_index.") from error
        if dry_run and differ:
            raise SystemExit(1)
