"""`manage.py nginx_config`: prints or writes the nginx configuration for this site."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.template import Context, Engine

from utils.signing import secret, secrets
from utils.storages import videos

TEMPLATE = settings.BASE_DIR / "deploy" / "nginx" / "site.conf"


class Command(BaseCommand):
    help = "Prints nginx's server block for this site. It contains a secret: use --output for a private file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listen", default="80", help="port, or address:port")
        parser.add_argument(
            "--node",
            action="append",
            required=True,
            help="a uWSGI socket, host:port or unix:/path; repeat for each node",
        )
        parser.add_argument("--output", type=Path, help="write to this file, readable by its owner only")

    def handle(self, *args: Any, **options: Any) -> None:
        values = {
            "listen": options["listen"],
            "nodes": options["node"],
            "names": [host.replace("*", "_") for host in settings.ALLOWED_HOSTS],
            "secret": secret(),
            "secrets": secrets(),
            "video_url": settings.VIDEO_URL,
            "media_url": settings.MEDIA_URL,
            "static_url": settings.STATIC_URL,
            "videos": videos().location,
            "private": settings.PRIVATE_ROOT,
            "pictures": settings.MEDIA_ROOT,
            "static": settings.STATIC_ROOT,
            "features": settings.PERMISSIONS_POLICY,
        }
        text = Engine().from_string(TEMPLATE.read_text()).render(Context(values, autoescape=False))
        if not options["output"]:
            self.stdout.write(text)
            return
        try:
            _write(options["output"].resolve(), text)
        except OSError as error:
            raise CommandError(f"{options['output']} can't be written: {error.strerror}.") from None


def _write(file: Path, text: str) -> None:
    """Replace the file atomically, with mode 0600."""
    descriptor, fresh = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
        Path(fresh).replace(file)
    except OSError:
        Path(fresh).unlink()
        raise
