"""Publishing titles, and their episodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import nh3
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from apps.media import services as media
from apps.media.models import Video
from apps.movies.models import HIGHEST, OPENED, Access, Category, Episode, Kind, Movie, MovieQuerySet, Status
from apps.movies.services.changes import announce
from apps.movies.services.pictures import lend_thumbnail
from utils.cache import invalidate_pages
from utils.tasks import enqueue

# Videos that became ready in this window are checked again, in case the message about them was lost.
ANNOUNCED_AFTER, ANNOUNCED_WITHIN = timedelta(minutes=2), timedelta(days=1)
LINES_AT_ONCE = 500  # movies per statement when genre lines are written


class UnableToAddEpisode(Exception):
    """The episode can't be added; the message says why."""


@transaction.atomic
def publish(*, movies: Iterable[Movie]) -> int:
    """Publish titles; those without a playable episode are published once they have one.

    A title that was published before keeps its date. Returns how many changed.
    """
    keys = [m.pk for m in movies]
    # All are set to waiting first, so that a video becoming ready meanwhile isn't missed.
    moved = Movie.objects.live().filter(pk__in=keys).exclude(status__in=OPENED).update(status=Status.WAITING)
    _settle(keys)
    return _moved(moved, keys)


@transaction.atomic
def withdraw(*, movies: Iterable[Movie]) -> int:
    """Unpublish titles, or stop waiting ones from being published. Returns how many changed."""
    keys = [m.pk for m in movies]
    rows = Movie.objects.filter(pk__in=keys, status__in=OPENED)
    return _moved(rows.update(status=Status.WITHDRAWN), keys)


@transaction.atomic
def hide(*, movies: Iterable[Movie]) -> int:
    """Soft-delete titles. Returns how many changed."""
    keys = [m.pk for m in movies]
    return _moved(Movie.objects.live().filter(pk__in=keys).update(deleted_at=timezone.now()), keys)


@transaction.atomic
def restore(*, movies: Iterable[Movie]) -> int:
    """Restore soft-deleted titles. Returns how many changed."""
    keys = [m.pk for m in movies]
    rows = Movie.objects.filter(pk__in=keys, deleted_at__isnull=False)
    return _moved(rows.update(deleted_at=None), keys)


def _settle(keys: Sequence[int]) -> None:
    """Publish waiting titles that are playable now; set published ones that no longer are back to waiting."""
    playable = Exists(Episode.objects.filter(movie=OuterRef("pk"), video__ready_at__isnull=False))
    rows = Movie.objects.filter(pk__in=keys)
    rows.filter(playable, status=Status.WAITING).update(
        status=Status.PUBLISHED, published_at=Coalesce("published_at", Value(timezone.now()))
    )
    rows.filter(~playable, status=Status.PUBLISHED).update(status=Status.WAITING)


def _moved(count: int, keys: Sequence[int]) -> int:
    """Announce the titles `keys` if `count` of them changed, and return it."""
    if count:
        announce(movie_ids=keys)
    return count


def clean_content(html: str) -> str:
    """Sanitise rich text: keeps the tags and attributes that nh3 considers safe."""
    return nh3.clean(html)


def preview_length(movie: Movie) -> int:
    """The preview length of the movie's videos in seconds; 0 for a free one."""
    if movie.access == Access.FREE:
        return 0
    return settings.PREVIEW_SECONDS if movie.preview_seconds is None else movie.preview_seconds


def attach_video(*, episode: Episode, path: Path, original_name: str, move: bool = False) -> Video:
    """Give the episode the file at `path` and queue its encoding. Raises UnableToAddVideo."""
    video = media.add_video(
        path=path, original_name=original_name, preview_seconds=preview_length(episode.movie), move=move
    )
    place_video(episode=episode, video=video)
    return video


def place_video(*, episode: Episode, video: Video) -> None:
    """Assign the video, which other episodes may share, to the episode."""
    Episode.objects.filter(pk=episode.pk).update(video=video)
    episode.video = video
    adapt_preview(video=video)
    # A small file may have become ready before it had an episode.
    enqueue("catalogue.video_ready", video_id=video.pk)


def adapt_preview(*, video: Video) -> None:
    """Set the video's preview to the shortest that its titles require, as they share the file."""
    wanted = {preview_length(e.movie) for e in video.episodes.select_related("movie")} - {0}
    seconds = min(wanted, default=0)
    if seconds != video.preview_seconds:
        media.set_preview(video=video, seconds=seconds)


def add_episode(
    *,
    path: Path,
    title: str,
    kind: str = Kind.FILM,
    category: Category | None = None,
    access: str = Access.FREE,
    number: int | None = None,
    draft: bool = False,
) -> Episode:
    """Add the file at `path` as an episode of a title, published once it is ready unless `draft`.

    An existing series, show or course of that title gets another episode (the next number unless given) and keeps
    its status; a film is always a new title. Raises UnableToAddEpisode.
    """
    if number is not None and not 1 <= number <= HIGHEST:
        raise UnableToAddEpisode(f"Episodes are numbered from 1 to {HIGHEST}.")
    known = _of_many(title, kind).first()
    if known and number and known.episodes.filter(number=number).exists():
        raise UnableToAddEpisode(f"{title} has an episode {number} already.")
    seconds = preview_length(known or Movie(access=access))
    try:
        # Before the transaction, which on SQLite would block other writers while a long file is copied.
        video = media.add_video(path=path, original_name=path.name, preview_seconds=seconds)
    except media.UnableToAddVideo as error:
        raise UnableToAddEpisode(str(error)) from error
    with transaction.atomic():
        movie = _of_many(title, kind).select_for_update().first() or Movie.objects.create(
            title=title,
            kind=kind,
            category=category or category_for(kind),
            access=access,
            status=Status.DRAFT if draft else Status.WAITING,
        )
        last = movie.episodes.aggregate(last=Max("number"))["last"] or 0
        number = number or last + 1
        if number > HIGHEST:
            raise UnableToAddEpisode(f"{title} has an episode {HIGHEST} already: say which number this is.")
        episode, fresh = Episode.objects.get_or_create(movie=movie, number=number, defaults={"video": video})
        if not fresh:
            raise UnableToAddEpisode(f"{title} has an episode {number} already.")
        Movie.objects.filter(pk=movie.pk, episodes_planned__lt=number).update(episodes_planned=number)
        invalidate_pages()
    place_video(episode=episode, video=video)
    return episode


def _of_many(title: str, kind: str) -> MovieQuerySet:
    """The title that another episode would belong to; none for a film."""
    rows = Movie.objects.live().filter(title=title, kind=kind).order_by("pk")
    return rows.none() if kind == Kind.FILM else rows


def category_for(kind: str) -> Category:
    """The default category of a kind: the one named like it, else the first."""
    found = Category.objects.filter(slug=kind).first() or Category.objects.first()
    return found or Category.objects.create(slug=kind, name=str(Kind(kind).label), name_en=kind.capitalize())


def access_changed(*, movie: Movie, was_free: bool = False) -> None:
    """Create or remove the previews of all episodes according to the movie's access.

    Files of a title that was free are renamed, so that public URLs stop working.
    """
    for episode in movie.episodes.exclude(video=None).select_related("video"):
        if episode.video:
            if was_free and movie.access != Access.FREE:
                media.rename_files(video=episode.video)
            adapt_preview(video=episode.video)


@transaction.atomic
def refresh_episodes(*, movie_id: int) -> None:
    """Update the movie's denormalised episode figures and its status."""
    episodes = Episode.objects.filter(movie_id=movie_id)
    watchable = episodes.filter(video__ready_at__isnull=False)
    watchable.filter(available_at=None).update(available_at=timezone.now())
    first = watchable.select_related("video").order_by("number").first()
    Movie.objects.filter(pk=movie_id).update(
        episodes_out=watchable.count(),
        latest_episode=watchable.aggregate(last=Max("number"))["last"] or 0,
        first_episode=first.number if first else episodes.aggregate(least=Min("number"))["least"] or 1,
        duration=first.video.duration or 0 if first and first.video else 0,
    )
    _settle([movie_id])
    announce(movie_ids=[movie_id])


def refresh_movie(*, movie_id: int) -> None:
    """Update everything shown on the movie's cards: genre line, episodes, duration."""
    refresh_genre_lines(movie_ids=[movie_id])
    refresh_episodes(movie_id=movie_id)


def refresh_genre_lines(*, movie_ids: Sequence[int]) -> None:
    """Update the movies' genre lines in both languages."""
    for start in range(0, len(movie_ids), LINES_AT_ONCE):
        keys = movie_ids[start : start + LINES_AT_ONCE]
        names: dict[int, list[tuple[str, str]]] = {pk: [] for pk in keys}
        rows = Movie.genres.through.objects.filter(movie_id__in=names).order_by("genre_id")
        for pk, name, english in rows.values_list("movie_id", "genre__name", "genre__name_en"):
            names[pk].append((name, english or name))
        lines = [
            Movie(pk=pk, genre_line=_line(n for n, _ in of), genre_line_en=_line(e for _, e in of))
            for pk, of in names.items()
        ]
        with transaction.atomic():
            Movie.objects.bulk_update(lines, ["genre_line", "genre_line_en"])
            announce(movie_ids=keys)


def _line(names: Iterable[str]) -> str:
    return " · ".join(names)[:120]


def video_ready(*, video_id: int) -> None:
    """A video has become playable or unplayable: update its titles, and lend its thumbnail to those without images."""
    for episode in Episode.objects.filter(video_id=video_id):
        refresh_episodes(movie_id=episode.movie_id)
        if lend_thumbnail(movie_id=episode.movie_id):
            enqueue("catalogue.make_pictures", movie_id=episode.movie_id)


def announce_missed(*, at: datetime) -> int:
    """Update titles that missed a video becoming ready; returns how many.

    The message is lost if the broker loses its data, and nothing else would resend it.
    """
    ready = Episode.objects.filter(movie=OuterRef("pk"), video__ready_at__isnull=False)
    out = ready.order_by().values("movie").annotate(count=Count("pk")).values("count")
    lately = Episode.objects.filter(video__ready_at__range=(at - ANNOUNCED_WITHIN, at - ANNOUNCED_AFTER))
    missed = (
        Movie.objects.filter(pk__in=lately.values("movie"))
        .annotate(out=Subquery(out))
        .filter(
            ~Q(episodes_out=F("out"))
            | Q(status=Status.WAITING)
            | Q(backdrop_set={}, pk__in=lately.exclude(video__thumbnail="").values("movie"))
        )
    )
    keys = list(missed.values_list("pk", flat=True))
    for pk in keys:
        refresh_episodes(movie_id=pk)
        enqueue("catalogue.make_pictures", movie_id=pk)
    return len(keys)
