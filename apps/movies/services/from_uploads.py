"""Creating titles and episodes from uploads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from apps.media.models import Upload, Video
from apps.movies.models import HIGHEST, Category, Episode, Kind, Movie, Status
from apps.movies.services.arranging import assign_numbers, repeated
from apps.movies.services.catalogue import category_for, place_video, refresh_episodes


class UnableToAddUploads(Exception):
    """The files can't be added; the message says why, in the curator's language."""


@dataclass(frozen=True)
class NamedUpload:
    """An uploaded file with its title and episode number."""

    upload: Upload
    title: str
    number: int | None = None  # None: read from the file name


def add_films(*, uploads: Sequence[NamedUpload]) -> list[Episode]:
    """Create a draft film for each file. Raises UnableToAddUploads."""
    with transaction.atomic():
        made = []
        for named, video in _claimed(uploads):
            movie = _draft(named.title, Kind.FILM)
            made.append((Episode.objects.create(movie=movie, number=1, video=video), video))
    return _placed(made)


def add_series(*, uploads: Sequence[NamedUpload], title: str, kind: str = Kind.SERIES) -> list[Episode]:
    """Create a draft title with several episodes. Raises UnableToAddUploads."""
    with transaction.atomic():
        movie = _draft(title, kind)
        return add_episodes(uploads=uploads, movie=movie)


def add_episodes(
    *, uploads: Sequence[NamedUpload], movie: Movie, first: int | None = None, replace: bool = False
) -> list[Episode]:
    """Add the files as episodes of a title, with the given numbers, else those from `assign_numbers`.

    Existing files are kept unless `replace`. Raises UnableToAddUploads.
    """
    with transaction.atomic():
        Movie.objects.select_for_update().get(pk=movie.pk)
        there = {e.number: e for e in movie.episodes.all()}
        numbers = _numbers(uploads, first, there)
        if max(numbers, default=0) > HIGHEST:
            raise UnableToAddUploads(_("Episode numbers can't exceed %d. Enter the numbers manually.") % HIGHEST)
        if twice := repeated(numbers):
            raise UnableToAddUploads(_("Episode number %d is assigned to two files.") % min(twice))
        made = []
        for number, (named, video) in zip(numbers, _claimed(uploads), strict=True):
            episode = there.get(number) or Episode(movie=movie, number=number, title=named.title)
            if episode.video_id and episode.video_id != video.pk and not replace:
                raise UnableToAddUploads(
                    _("Episode %d already has a file. Choose another number, or allow existing files to be replaced.")
                    % number
                )
            if movie.kind == Kind.FILM and number > 1:
                raise UnableToAddUploads(_("A film has a single part. To replace its file, use number 1."))
            episode.video = video
            episode.save()
            made.append((episode, video))
        most = max(numbers, default=0)
        Movie.objects.filter(pk=movie.pk, episodes_planned__lt=most).update(episodes_planned=most)
    return _placed(made)


def _numbers(uploads: Sequence[NamedUpload], first: int | None, there: Collection[int]) -> list[int]:
    """The number of each file."""
    if uploads and all(named.number for named in uploads):
        return [named.number or 0 for named in uploads]
    places = assign_numbers(names=[named.upload.filename for named in uploads], first=first, taken=there)
    return [place.number for place in sorted(places, key=lambda place: place.index)]


def _claimed(uploads: Sequence[NamedUpload]) -> list[tuple[NamedUpload, Video]]:
    """The files with their videos, removed from the list of pending uploads."""
    if not uploads:
        raise UnableToAddUploads(_("Choose at least one file."))
    locked = {
        row.pk: row
        for row in Upload.objects.select_for_update()
        .prefetch_related("video")  # not joined, so that videos aren't locked (MariaDB has no FOR UPDATE OF)
        .filter(pk__in=[named.upload.pk for named in uploads])
    }
    claimed = []
    for named in uploads:
        row = locked.get(named.upload.pk)
        if row is None:
            raise UnableToAddUploads(_("“%s” has already been added.") % named.upload.filename)
        if row.video is None:
            raise UnableToAddUploads(_("“%s” hasn't finished uploading.") % row.filename)
        claimed.append((named, row.video))
    Upload.objects.filter(pk__in=locked).delete()
    return claimed


def _draft(title: str, kind: str) -> Movie:
    category: Category = category_for(kind)
    return Movie.objects.create(title=title, kind=kind, category=category, status=Status.DRAFT)


def _placed(made: Sequence[tuple[Episode, Video]]) -> list[Episode]:
    for episode, video in made:
        place_video(episode=episode, video=video)
    for movie_id in {episode.movie_id for episode, _video in made}:
        refresh_episodes(movie_id=movie_id)
    return [episode for episode, _video in made]
