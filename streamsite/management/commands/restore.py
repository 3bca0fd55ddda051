"""`manage.py restore FOLDER`: puts a backup into an empty site."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from streamsite.backup import restore
from utils.backups.dumps import DumpFailed
from utils.backups.snapshots import Unusable


class Command(BaseCommand):
    help = "Restores the backup FOLDER, or the last one in it, into an empty site that doesn't run. docs/operating.md"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = restore(options["folder"])
        except (Unusable, DumpFailed) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}." if error.strerror else str(error)
            raise CommandError(f"{reason} Run it again when that is mended.") from None
        self.stdout.write(f"The backup of {done.made_at} is restored: {len(done.entries)} files.")
        for name in done.missing:
            self.stderr.write(f"missing already in the backup: {name}")
        self.stdout.write("If the code is newer than the backup, run manage.py migrate before the site starts.")
