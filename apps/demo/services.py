"""The demo catalogue: written, painted, and put on the queue to be filmed."""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections, transaction
from django.utils import timezone

from apps.community.models import Comment
from apps.demo import footage, posters
from apps.demo.catalogue import BY_KEY, GENRES, MEMBERS, NOTICES, REGIONS, SHELVES, SMALL, TITLES, Part, Title
from apps.media.models import Subtitle
from apps.movies import services as movies
from apps.movies.models import (
    Banner,
    Category,
    Chapter,
    Credit,
    Episode,
    Genre,
    Material,
    Movie,
    Person,
    PlayDay,
    Region,
    Status,
)
from apps.notices.models import Notice
from apps.users.models import Membership, User
from utils import pictures
from utils.mediakit import sandbox
from utils.storages import videos
from utils.tasks import enqueue

FILMING = "demo:filming"  # in the cache while a chain of films is being made: the episode whose turn it is
FILMING_FOR = 900  # seconds without a film after which the chain counts as broken
BY_NAME = {title.original: title for title in TITLES}


def make_catalogue(*, small: bool = False, at: datetime, say: Callable[[str], None] = lambda _: None) -> list[Movie]:
    """Write and paint every title that isn't there yet. What is there stays as its curator left it."""
    titles = [BY_KEY[key] for key in SMALL] if small else list(TITLES)
    _write_frame(at)
    members = _members(at)
    written = 0
    for place, title in enumerate(titles):
        if not _find(title):
            _write(title, place=place, members=members, small=small, at=at)
            written += 1
    if written:
        movies.refresh_rankings()
        say(f"{written} titles written")
    _paint([title for title in titles if (movie := _find(title)) and not movie.poster_set], small=small, say=say)
    return [movie for title in titles if (movie := _find(title))]


def queue_films(*, small: bool = False, restarted: bool = False) -> int:
    """Ask for the films that aren't there yet, one after the other. Returns how many wait.

    Only the first goes on the queue; each brings the next, so that its encoding and the
    site's own work get their turns in between. `restarted`: no worker from before is left, so a
    chain that looks alive was cut by the stop.
    """
    waiting = _waiting()
    if restarted:
        cache.delete(FILMING)
    if waiting and cache.add(FILMING, waiting[0].pk, FILMING_FOR):
        enqueue("demo.make_video", episode_id=waiting[0].pk, small=small)
    return len(waiting)


def make_video(*, episode_id: int, small: bool = False) -> None:
    """Film one episode of the demo, hand it to the pipeline and ask for the next one.

    Does nothing unless it is this episode's turn: the broker delivers long tasks a second time, which would start a
    second chain.
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
            pass  # delivered twice, and the other run has already gone on
        elif later:
            cache.set(FILMING, later[0].pk, FILMING_FOR)
            enqueue("demo.make_video", episode_id=later[0].pk, small=small)
        else:
            cache.delete(FILMING)


def _has_turn(episode_id: int) -> bool:
    return bool(cache.get(FILMING, episode_id) == episode_id)


def _waiting() -> list[Episode]:
    """Episodes without a film, in the order in which they are made."""
    rows = Episode.objects.filter(video=None, movie__original_title__in=BY_NAME).select_related("movie")
    return sorted((row for row in rows if row.number <= len(_title(row).parts)), key=_urgency)


def _title(episode: Episode) -> Title:
    return BY_NAME[episode.movie.original_title]


def _urgency(episode: Episode) -> tuple[int, bool, int]:
    """First episodes first, and of these the free ones of the carousel."""
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


def _find(title: Title) -> Movie | None:
    """The title's movie, hidden or not: what a curator deleted isn't made again."""
    return Movie.objects.filter(original_title=title.original).order_by("pk").first()


def _write_frame(at: datetime) -> None:
    for order, (slug, name, english) in enumerate(SHELVES):
        Category.objects.get_or_create(slug=slug, defaults={"name": name, "name_en": english, "order": order})
    for name, english in GENRES.items():
        Genre.objects.get_or_create(name=name, defaults={"name_en": english})
    for name, english in REGIONS.items():
        Region.objects.get_or_create(name=name, defaults={"name_en": english})
    for age, (heading, body, pinned) in enumerate(NOTICES):
        Notice.objects.get_or_create(
            title=heading, defaults={"body": body, "pinned": pinned, "starts_at": at - timedelta(hours=20 * age)}
        )


def _members(at: datetime) -> list[User]:
    """Viewers who wrote the comments. Nobody can sign in as them; the first is a VIP."""
    found = []
    for username, nickname in MEMBERS:
        user, new = User.objects.get_or_create(username=username, defaults={"nickname": nickname})
        if new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        found.append(user)
    if not found[0].memberships.exists():
        Membership.objects.create(
            user=found[0], starts_at=at - timedelta(days=40), ends_at=at + timedelta(days=325), reason="demo"
        )
    return found


@transaction.atomic
def _write(title: Title, *, place: int, members: list[User], small: bool, at: datetime) -> Movie:
    rng = random.Random(title.key)
    movie = Movie.objects.create(
        kind=title.kind,
        category=Category.objects.get(slug=title.category),
        title=title.title,
        original_title=title.original,
        aliases="\n".join(title.aliases),
        tagline=title.tagline,
        summary=title.summary,
        content=movies.clean_content(title.content),
        genre_line=" · ".join(title.genres),
        genre_line_en=" · ".join(GENRES[name] for name in title.genres),
        region=Region.objects.get(name=title.region),
        year=title.year,
        language=title.language,
        access=title.access,
        price=Decimal(title.price),
        member_price=Decimal(title.member_price),
        preview_seconds=(2 if small else title.preview) if title.preview else None,
        exclusive=title.exclusive,
        episodes_planned=title.planned or len(title.parts),
        episodes_out=len(title.parts),
        duration=footage.seconds(title.parts[0], small=small),
        status=Status.PUBLISHED,
        published_at=at - timedelta(days=(place * 7) % 41, hours=3 + place),
        rating_count=title.ratings,
        rating_sum=round(Decimal(title.score) * title.ratings),
        score=Decimal(title.score),
        plays=title.plays,
    )
    movie.genres.set(Genre.objects.filter(name__in=title.genres))
    for order, (role, name, character) in enumerate(title.people):
        person = Person.objects.filter(name=name).first() or Person.objects.create(name=name)
        Credit.objects.create(movie=movie, person=person, role=role, character=character, order=order)
    for number, part in enumerate(title.parts, start=1):
        _write_episode(movie, number, part, small=small, at=at - timedelta(days=7 * (len(title.parts) - number)))
    for name, text in title.material:
        suffix = "py" if "python" in text[:40] else "txt"
        Material(movie=movie, title=name).file.save(f"{title.key}.{suffix}", ContentFile(text.encode()))
    if title.banner:
        Banner.objects.create(movie=movie, text=title.banner, order=place, starts_at=at - timedelta(days=1))
    _write_plays(movie, title, rng, at)
    _write_comments(movie, title, members, rng, at)
    return movie


def _write_episode(movie: Movie, number: int, part: Part, *, small: bool, at: datetime) -> None:
    length = footage.seconds(part, small=small)
    intro = part.intro if part.intro and part.intro[1] < length else (None, None)
    outro = part.outro if part.outro and part.outro < length else None
    episode = Episode.objects.create(
        movie=movie,
        number=number,
        title=part.title,
        intro_start=intro[0],
        intro_end=intro[1],
        outro_start=outro,
        created_at=at,
    )
    Chapter.objects.bulk_create(
        Chapter(episode=episode, starts_at=start, title=name) for start, name in part.chapters if start < length
    )


def _write_plays(movie: Movie, title: Title, rng: random.Random, at: datetime) -> None:
    """A month of days that make up about a third of all plays, weekends stronger, with a trend of the title's own."""
    today = timezone.localdate(at)
    trend = rng.uniform(-0.02, 0.035)
    days = [today - timedelta(days=age) for age in range(30)]
    weights = [
        (1.35 if day.weekday() >= 5 else 1.0) * (1 - trend) ** age * rng.uniform(0.8, 1.2)
        for age, day in enumerate(days)
    ]
    share = title.plays / 3 / sum(weights)
    PlayDay.objects.bulk_create(
        PlayDay(movie=movie, day=day, plays=round(weight * share)) for day, weight in zip(days, weights, strict=True)
    )


def _write_comments(movie: Movie, title: Title, members: list[User], rng: random.Random, at: datetime) -> None:
    users = rng.sample(members, len(title.comments))
    rows = Comment.objects.bulk_create(
        Comment(movie=movie, user=user, text=text) for user, text in zip(users, title.comments, strict=True)
    )
    for row in rows:
        Comment.objects.filter(pk=row.pk).update(created_at=at - timedelta(minutes=rng.randint(20, 18 * 24 * 60)))
    Movie.objects.filter(pk=movie.pk).update(comments_count=len(rows))


def _paint(titles: list[Title], *, small: bool, say: Callable[[str], None]) -> None:
    """Paint poster and backdrop of each title and cut their sets, a process per core."""
    if not titles:
        return
    connections.close_all()  # the workers must not share the parent's connection
    workers = max(1, min(8, os.cpu_count() or 1, len(titles) * 2))
    jobs = [(title.key, folder, 0.5 if small else 1.0) for title in titles for folder in ("posters", "backdrops")]
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=fork, initializer=sandbox.die_with_parent) as pool:
        for (key, folder, _), (name, made) in zip(jobs, pool.map(_picture, *zip(*jobs, strict=True)), strict=True):
            title = BY_KEY[key]
            field = "poster" if folder == "posters" else "backdrop"
            # The poster comes first: its set marks the title as painted, so it is stored together with the backdrop's.
            _hang(title, field, name, made)
            if field == "backdrop":
                say(f"Painted {title.original}")


def _hang(title: Title, field: str, name: str, made: pictures.PictureSet) -> None:
    changed: dict[str, Any] = {field: name, f"{field}_set": made}
    Movie.objects.filter(original_title=title.original, **{f"{field}_set": {}}).update(**changed)


def _picture(key: str, folder: str, scale: float) -> tuple[str, pictures.PictureSet]:
    """In a process of its own: paint one picture and store it in all sizes."""
    poster = folder == "posters"
    data = (posters.poster if poster else posters.backdrop)(BY_KEY[key], scale=scale)
    name = default_storage.save(f"{folder}/{key}.jpg", ContentFile(data))
    widths = pictures.POSTER_WIDTHS if poster else pictures.BACKDROP_WIDTHS
    ratio = pictures.POSTER_RATIO if poster else pictures.BACKDROP_RATIO
    return name, pictures.make_set(io.BytesIO(data), name=name, folder=folder, widths=widths, ratio=ratio)
