"""Images of titles in all sizes, from uploads or from a video's thumbnail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from apps.media import services as media
from apps.media.models import Video
from apps.movies.models import Banner, Episode, Movie, Person
from utils import pictures
from utils.cache import invalidate_pages
from utils.tasks import enqueue

THUMBNAILS = str(Video._meta.get_field("thumbnail").upload_to)


@dataclass(frozen=True)
class _PictureSlot:
    """A row's image set, and the source fields it may be made from, in order of preference."""

    row: Movie | Banner | Person
    field: str
    sources: tuple[str, ...]
    folder: str
    widths: tuple[int, ...]
    ratio: float

    def __str__(self) -> str:
        return f"{self.sources[0]} of {self.row} ({self.row.pk})"

    @property
    def made(self) -> dict[str, Any]:
        made: dict[str, Any] = getattr(self.row, self.field)
        return made

    @property
    def names(self) -> dict[str, str]:
        """The file names by field."""
        return {field: getattr(self.row, field).name or "" for field in self.sources}

    @property
    def wanted(self) -> str:
        return next((name for name in self.names.values() if name), "")

    def is_made(self) -> bool:
        """Whether the set is complete and made from the right source."""
        return self.made.get("source") == self.wanted and self.is_whole() if self.made else not self.wanted

    def is_whole(self) -> bool:
        """Whether all files of the set exist."""
        return all(default_storage.exists(name) for name in pictures.files(self.made))

    def make(self) -> None:
        """Create the set from the first readable source; empty if there is none.

        The set is discarded if the row got another image meanwhile, which triggers its own run.
        """
        before = self.names
        made: pictures.PictureSet | dict[str, Any] = {}
        for name in filter(None, before.values()):
            try:
                with default_storage.open(name) as file:
                    made = pictures.make_set(
                        file, name=self.wanted, folder=self.folder, widths=self.widths, ratio=self.ratio
                    )
                break
            except (FileNotFoundError, pictures.UnusablePicture):
                continue
        changed = type(self.row)._base_manager.filter(pk=self.row.pk, **before).update(**{self.field: made})
        media.discard_replaced(pictures.files(self.made if changed else made), at=timezone.now())

    def mend(self) -> None:
        """Enqueue the set to be recreated; clear the fields if all source files are missing."""
        if not any(name and default_storage.exists(name) for name in self.names.values()):
            type(self.row)._base_manager.filter(pk=self.row.pk, **self.names).update(**dict.fromkeys(self.sources, ""))
        if isinstance(self.row, Person):
            enqueue("catalogue.make_portrait", person_id=self.row.pk)
            return
        enqueue("catalogue.make_pictures", movie_id=self.row.movie_id if isinstance(self.row, Banner) else self.row.pk)


def _places(movie: Movie) -> Iterator[_PictureSlot]:
    poster = pictures.POSTER_WIDTHS, pictures.POSTER_RATIO
    wide = pictures.BACKDROP_WIDTHS, pictures.BACKDROP_RATIO
    yield _PictureSlot(movie, "poster_set", ("poster", "backdrop"), "posters", *poster)
    yield _PictureSlot(movie, "backdrop_set", ("backdrop", "poster"), "backdrops", *wide)
    for banner in movie.banners.all():
        yield _PictureSlot(banner, "picture_set", ("picture",), "banners", *wide)


def _portrait(person: Person) -> _PictureSlot:
    sizes = pictures.PORTRAIT_WIDTHS, pictures.PORTRAIT_RATIO
    return _PictureSlot(person, "portrait_set", ("portrait",), "people", *sizes)


def make_portrait(*, person_id: int) -> None:
    """Create the portrait of a person in all sizes if it is missing or outdated. Idempotent."""
    person = Person.objects.filter(pk=person_id).first()
    if person and not _portrait(person).is_made():
        _portrait(person).make()
    invalidate_pages()


def make_pictures(*, movie_id: int) -> None:
    """Create missing or outdated image sets of a movie and its banners.

    Replaced files are deleted later, when no open page shows them. Idempotent.
    """
    lend_thumbnail(movie_id=movie_id)
    movie = Movie.objects.filter(pk=movie_id).first()
    for place in _places(movie) if movie else ():
        if not place.is_made():
            place.make()
    invalidate_pages()


def lend_thumbnail(*, movie_id: int) -> bool:
    """Show the thumbnail of its first episode for a title that has no picture; one that is lent follows its film.

    Returns whether anything changed.
    """
    movie = Movie.objects.filter(pk=movie_id).first()
    rows = Episode.objects.filter(movie_id=movie_id).exclude(video=None).exclude(video__thumbnail="")
    thumbnails = list(rows.order_by("number").values_list("video__thumbnail", flat=True))
    if movie is None or not thumbnails:
        return False
    backdrop = movie.backdrop.name or ""
    may_lend = backdrop.startswith(THUMBNAILS) if backdrop else not movie.poster
    if not may_lend or backdrop in thumbnails:
        return False
    return bool(Movie.objects.filter(pk=movie_id, backdrop=backdrop).update(backdrop=thumbnails[0]))


def examine_pictures(*, mend: bool = True) -> Iterator[media.Finding]:
    """Find images with missing files and repair them one by one, unless `mend` is False."""
    for movie in Movie.objects.prefetch_related("banners").order_by("pk"):
        yield from _examine(_places(movie), mend=mend)
    for person in Person.objects.exclude(portrait="", portrait_set={}).order_by("pk").iterator():
        yield from _examine([_portrait(person)], mend=mend)


def _examine(places: Iterable[_PictureSlot], *, mend: bool) -> Iterator[media.Finding]:
    for place in places:
        if not place.wanted or (place.made and place.is_whole()):
            continue
        if any(name and default_storage.exists(name) for name in place.names.values()):
            finding = media.Finding(f"{place} lacks sizes", "made again")
        else:
            finding = media.Finding(f"{place} is missing, and what it was made of", "taken away")
        if mend:
            place.mend()
        yield finding
