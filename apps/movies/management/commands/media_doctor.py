"""Find and repair stuck, missing or orphaned videos and images, and report it."""

from __future__ import annotations

from argparse import ArgumentParser
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.media import services as media
from apps.movies import services
from utils.storages import videos


class Command(BaseCommand):
    help = "Find and mend stuck videos, missing files and pictures, and files that belong to nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        count = 0
        try:
            for finding in chain(
                media.examine(at=timezone.now(), mend=not dry_run), services.examine_pictures(mend=not dry_run)
            ):
                count += 1
                cure = f"would be {finding.cure}" if dry_run and finding.cure != "nothing" else finding.cure
                self.stdout.write(f"{finding.what}: {cure}")
        except videos().unavailable as error:
            raise CommandError(f"The video storage can't be reached: {error}") from error
        self.stdout.write(f"{count} found" if count else "All is well")
