"""`manage.py backup FOLDER`: database, files and keys, while the site runs."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from streamsite.backup import back_up
from utils.backups.dumps import DumpFailed
from utils.backups.snapshots import Unusable, finished


class Command(BaseCommand):
    help = "Backs up the database, files and keys to a new folder in FOLDER, while the site runs. docs/operating.md"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--keep", type=int, default=0, help="remove older backups until this many are left")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = back_up(options["folder"], at=timezone.now())
        except (Unusable, DumpFailed) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            reason = f"{error.filename or options['folder']}: {error.strerror}." if error.strerror else str(error)
            raise CommandError(f"{reason} Nothing was kept.") from None
        self.stdout.write(f"{done.place}: {done.files} files, {done.copied / 2**20:.1f} MiB of them new or changed.")
        for name in done.missing:
            self.stderr.write(f"missing: {name}")
        if options["keep"] > 0:
            for old in finished(options["folder"])[: -options["keep"]]:
                shutil.rmtree(old)
