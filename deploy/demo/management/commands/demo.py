"""Fills the site with the demo catalogue."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from deploy.demo import services


class Command(BaseCommand):
    help = "Create the demo catalogue: titles, posters, and films by the queue. Run again, it adds what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--small", action="store_true", help="three titles with films of four seconds, for tests")
        parser.add_argument("--no-videos", action="store_true", help="titles and pictures only")
        parser.add_argument("--restarted", action="store_true", help="the site is starting, so nothing is being filmed")

    def handle(self, *args: Any, **options: Any) -> None:
        movies = services.make_catalogue(small=options["small"], at=timezone.now(), say=self.stdout.write)
        done = f"{len(movies)} titles in the demo catalogue"
        if not options["no_videos"]:
            queued = services.queue_films(small=options["small"], restarted=options["restarted"])
            done += f", {queued} films queued"
        self.stdout.write(f"{done}.")
