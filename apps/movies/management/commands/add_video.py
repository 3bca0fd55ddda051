"""Add a file to the catalogue from the command line."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.media import services as media
from apps.media.models import State, Video
from apps.movies import services
from apps.movies.models import Access, Category, Kind, Movie, Status

POLL = 0.5  # seconds between two looks at the state


class Command(BaseCommand):
    help = "Adds FILE as a title (or as the next episode of a series) and prints JSON: movie, episode, state."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--title", required=True)
        parser.add_argument("--kind", choices=Kind.values, default=Kind.FILM)
        parser.add_argument("--category", help="a category's slug")
        parser.add_argument("--access", choices=Access.values, default=Access.FREE)
        parser.add_argument("--episode", type=int, help="its number; the next one unless given")
        parser.add_argument("--draft", action="store_true", help="leave a new title unpublished")
        parser.add_argument(
            "--wait", action="store_true", help="until it is ready, and its title published, or it has failed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        category = None
        if options["category"]:
            category = Category.objects.filter(slug=options["category"]).first()
            if category is None:
                known = ", ".join(Category.objects.values_list("slug", flat=True))
                raise CommandError(f"There is no category {options['category']}. There are: {known}.")
        try:
            episode = services.add_episode(
                path=path,
                title=options["title"],
                kind=options["kind"],
                category=category,
                access=options["access"],
                number=options["episode"],
                draft=options["draft"],
            )
        except services.UnableToAddEpisode as error:
            raise CommandError(str(error)) from error
        video = Video.objects.get(episodes=episode)
        while options["wait"] and not _is_over(video, episode.movie_id):
            time.sleep(POLL)
            video.refresh_from_db()
        answer = {
            "movie": episode.movie_id,
            "episode": episode.number,
            "video": video.pk,
            "state": video.state,
            "url": settings.SITE_URL + episode.get_absolute_url(),
        }
        if video.state == State.FAILED:
            answer["failure"] = media.reason(video.failure)
        self.stdout.write(json.dumps(answer, ensure_ascii=False))
        if video.state == State.FAILED:
            raise SystemExit(1)


def _is_over(video: Video, movie_id: int) -> bool:
    """Whether the video has failed, or is ready and its title no longer waits for it: a task publishes that."""
    if video.state == State.READY:
        return not Movie.objects.filter(pk=movie_id, status=Status.WAITING).exists()
    return video.state == State.FAILED
