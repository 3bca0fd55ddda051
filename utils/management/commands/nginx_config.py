"""Print the configuration of the nginx that stands in front of this site."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.template import Context, Engine

from utils.signing import secret, secrets
from utils.storages import videos

TEMPLATE = settings.BASE_DIR / "deploy" / "nginx" / "site.conf"


class Command(BaseCommand):
    help = "Prints nginx's server block for this site. It holds a secret: keep it readable to nginx alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listen", default="80", help="port, or address:port")
        parser.add_argument(
            "--node",
            action="append",
            required=True,
            help="a uWSGI socket: host:port or unix:/path; once for each node",
        )

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
        }
        self.stdout.write(Engine().from_string(TEMPLATE.read_text()).render(Context(values, autoescape=False)))
