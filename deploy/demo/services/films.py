"""Makes the films of the demo catalogue, one after another, in the queue's worker."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from apps.media.models import Subtitle
from apps.movies import services as movies
from apps.movies.models import Episode
from deploy.demo import footage
from deploy.demo.catalogue import TITLES, Title
from utils.storages import videos
from utils.tasks import enqueue

FILMING = "demo:filming"  # cache key, set while a chain of films runs: the id of the episode whose turn it is
FILMING_FOR = 900  # seconds without a new film after which the chain counts as broken
BY_NAME = {title.original: title for title in TITLES}


def queue_films(*, small: bool = False, restarted: bool = False) -> int:
    """Queue the missing films. Returns how many there are.

    Only the first is queued; each film queues the next one, so encoding and the site's own tasks get their turn in
    between. With `restarted` a chain that still looks alive counts as broken: the worker that ran it is gone.
    """
    waiting = _waiting()
    if restarted:
        cache.delete(FILMING)
    if waiting and cache.add(FILMING, waiting[0].pk, FILMING_FOR):
        enqueue("demo.make_video", episode_id=waiting[0].pk, small=small)
    return len(waiting)


def make_video(*, episode_id: int, small: bool = False) -> None:
    """Make the film of one episode, add it to the media pipeline and queue the next one.

    Does nothing unless it is this episode's turn: the broker redelivers long tasks, which would start a second chain.
    """
    if not _has_turn(episode_id):
        return
    cache.set(FILMING, episode_id, FILMING_FOR)
    episode = Episode.objects.select_related("movie").get(pk=episode_id)
    try:
        if episode.video_id is None and episode.movie.original_title in BY_NAME:
            _film(episode, small=small)
    finally:
        later = [one for one in _waiting() if _urgency(one) > _urgency(episode)]
        if not _has_turn(episode_id):
            pass  # delivered twice: the other run has queued the next one already
        elif later:
            cache.set(FILMING, later[0].pk, FILMING_FOR)
            enqueue("demo.make_video", episode_id=later[0].pk, small=small)
        else:
            cache.delete(FILMING)


def _has_turn(episode_id: int) -> bool:
    return bool(cache.get(FILMING, episode_id) == episode_id)


def _waiting() -> list[Episode]:
    """Episodes without a film, in the order in which their films are made."""
    rows = Episode.objects.filter(video=None, movie__original_title__in=BY_NAME).select_related("movie")
    return sorted((row for row in rows if row.number <= len(_title(row).parts)), key=_urgency)


def _title(episode: Episode) -> Title:
    return BY_NAME[episode.movie.original_title]


def _urgency(episode: Episode) -> tuple[int, bool, int]:
    """Sort key: first episodes first, and among them the free ones in the carousel."""
    title = _title(episode)
    return episode.number, title.access != "free" or not title.banner, TITLES.index(title)


def _film(episode: Episode, *, small: bool) -> None:
    title = _title(episode)
    part = title.parts[episode.number - 1]
    work = Path(settings.WORK_DIR)
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix="demo-") as folder:
        film = footage.shoot(title, part, folder=Path(folder), small=small)
        with transaction.atomic():
            if not Episode.objects.select_for_update().filter(pk=episode.pk, video=None).exists():
                return  # a curator or another worker was faster
            name = f"{title.key}-{episode.number:02d}.mp4"
            video = movies.attach_video(episode=episode, path=film, original_name=name, move=True)
            for language, label, english in (("zh-Hans", "简体中文", False), ("en", "English", True)):
                if text := footage.webvtt(part, english=english, small=small):
                    path = Path(folder) / f"{language}.vtt"
                    path.write_text(text, encoding="utf-8")
                    stored = videos().adopt(path, suffix=".vtt")
                    Subtitle.objects.create(video=video, language=language, label=label, file=stored)
