"""Short work for the catalogue, on the default queue."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from apps.movies import services


@shared_task(name="catalogue.video_ready")
def video_ready(*, video_id: int, **_: Any) -> None:
    services.video_ready(video_id=video_id)


@shared_task(name="catalogue.make_pictures")
def make_pictures(*, movie_id: int, **_: Any) -> None:
    services.make_pictures(movie_id=movie_id)


@shared_task(name="catalogue.flush_plays")
def flush_plays(**_: Any) -> None:
    services.flush_plays()


@shared_task(name="catalogue.refresh_rankings")
def refresh_rankings(**_: Any) -> None:
    services.refresh_rankings()
