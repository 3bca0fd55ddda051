"""Sitemaps (sitemaps.org 0.9, with Google's image and video extensions) of what anybody may see.

Django's sitemap framework counts the rows, reads them by OFFSET and takes its addresses from the Host header. These
files hold a range of keys each: a file costs the same wherever it lies, and a new title changes the last one only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from xml.sax.saxutils import escape

from django.db import connections
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.urls import reverse

from apps.media.models import Video
from apps.movies import services as movies
from apps.movies.models import EVERYTHING, Access, Audience, Category, Credit, Episode, Genre, Movie, Person
from apps.seo.addresses import Picture, absolute, backdrop, portrait, poster, stream_url, watch_path
from utils.plain_text import clean_line

MOST = 50_000  # URLs in a file (sitemaps.org)
PART = 5_000  # keys in a file: makes one in a fraction of a second, and stays far below 50 MB
AT_ONCE = 400  # parts looked for in one query
DESCRIBED = 200  # characters; Google takes 2048
LONGEST = 28_800  # seconds that a video's duration may say

TITLE = ("title", "summary", "access", "published_at", "updated_at", "poster_set", "backdrop_set")
FILE = ("ready_at", "duration", "thumbnail")

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
URLSET = (
    f"<urlset {SITEMAP}"
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    ' xmlns:video="http://www.google.com/schemas/sitemap-video/1.1">\n'
)


@dataclass(frozen=True)
class Section:
    """The pages of one kind, one for each row of a table that is public."""

    rows: Callable[[], QuerySet[Any]]
    public: Callable[[Audience, QuerySet[Any]], QuerySet[Any]]  # those of the rows
    entries: Callable[[Audience, QuerySet[Any]], Iterator[str]]  # the <url> elements of the rows that are public


def index(audience: Audience) -> str:
    """The index of all files. It gives no dates: the newest of a file's would take reading the file."""
    names = [reverse("seo:sitemap_pages")]
    for name, section in SECTIONS.items():
        names += [reverse("seo:sitemap_part", args=[name, part]) for part in _parts(audience, section)]
    rows = "".join(f"<sitemap><loc>{escape(absolute(name))}</loc></sitemap>\n" for name in names)
    return f"{HEAD}<sitemapindex {SITEMAP}>\n{rows}</sitemapindex>\n"


def part(audience: Audience, name: str, number: int) -> str:
    """One file of a section; "" if the section has no such file."""
    section = SECTIONS.get(name)
    if section is None:
        return ""
    return _file(section.entries(audience, _range(section, number).order_by("pk")))


def pages(audience: Audience, paths: Iterable[str]) -> str:
    """The file of the pages at `paths`, and of the categories and genres that have titles."""
    filled = Exists(Movie.objects.listed(audience).filter(category=OuterRef("pk")))
    found = [*paths, reverse("movies:category", args=[EVERYTHING, 1])]
    found += [category.get_absolute_url() for category in Category.objects.filter(filled)]
    known = movies.facet_index().facets["genre"]
    found += [genre.get_absolute_url() for genre in Genre.objects.all() if str(genre.pk) in known]
    return _file(_url(path) for path in found)


def _file(urls: Iterable[str]) -> str:
    text = "".join(urls)
    return f"{HEAD}{URLSET}{text}</urlset>\n" if text else ""


def _range(section: Section, number: int) -> QuerySet[Any]:
    return section.rows().filter(pk__gte=number * PART, pk__lt=(number + 1) * PART)


class _Bound(Enum):
    """In place of the keys of a part, in a statement that is made once for all parts."""

    FIRST = 0
    END = 1


def _parts(audience: Audience, section: Section) -> list[int]:
    """The numbers of the parts that have public rows: an empty file would be invalid."""
    rows = section.rows()
    last: int | None = rows.aggregate(last=Max("pk"))["last"]
    if last is None:
        return []
    some_part = rows.filter(pk__gte=RawSQL("%s", [_Bound.FIRST]), pk__lt=RawSQL("%s", [_Bound.END]))
    sql, values = section.public(audience, some_part).values("pk")[:1].query.sql_with_params()
    found: list[int] = []
    numbers = range(last // PART + 1)
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        asked = [(n + value.value) * PART if isinstance(value, _Bound) else value for n in some for value in values]
        with connections[rows.db].cursor() as cursor:
            cursor.execute(f"SELECT {', '.join([f'EXISTS({sql})'] * len(some))}", asked)
            found += [n for n, there in zip(some, cursor.fetchone(), strict=True) if there]
    return found


def _url(path: str, changed: datetime | None = None, more: str = "") -> str:
    date = f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>" if changed else ""
    return f"<url><loc>{escape(absolute(path))}</loc>{date}{more}</url>\n"


def _watchable(audience: Audience, episodes: QuerySet[Episode]) -> QuerySet[Episode]:
    """Those that can be watched, of listed titles. Subqueries, so that no planner begins with the titles."""
    titles = Movie.objects.listed(audience).filter(pk=OuterRef("movie_id"))
    files = Video.objects.filter(pk=OuterRef("video_id"), ready_at__isnull=False)
    return episodes.filter(Exists(files), Exists(titles))


def _watch_pages(audience: Audience, episodes: QuerySet[Episode]) -> Iterator[str]:
    """Their pages. Titles and files are read by key, once each, however many episodes a title has."""
    rows = list(episodes.only("movie_id", "number", "title", "video_id"))
    titles = Movie.objects.listed_by_key(audience).only(*TITLE).in_bulk({row.movie_id for row in rows})
    files = Video.objects.filter(ready_at__isnull=False).only(*FILE).in_bulk({row.video_id for row in rows} - {None})
    for row in rows:
        movie, file = titles.get(row.movie_id), files.get(row.video_id)
        if movie and movie.published_at and file and file.ready_at:
            out = max(movie.published_at, file.ready_at)
            more = _image(poster(movie)) + _video(movie, file, row.number, row.title, out)
            yield _url(watch_path(movie.pk, row.number), max(out, movie.updated_at), more)


def _credited(audience: Audience, people: QuerySet[Person]) -> QuerySet[Person]:
    """Those with a part in a listed title. A scalar subquery: of EXISTS, MariaDB makes a list of all credits first."""
    titles = Movie.objects.listed(audience).filter(pk=OuterRef("movie_id"))
    parts = Credit.objects.filter(Exists(titles), person=OuterRef("pk")).order_by().values("pk")[:1]
    return people.alias(part=Subquery(parts)).filter(part__isnull=False)


def _people_pages(audience: Audience, people: QuerySet[Person]) -> Iterator[str]:
    for person in _credited(audience, people).only("portrait_set"):
        yield _url(person.get_absolute_url(), more=_image(portrait(person)))


def _image(picture: Picture | None) -> str:
    return f"<image:image><image:loc>{escape(picture.url)}</image:loc></image:image>" if picture else ""


def _video(movie: Movie, file: Video, number: int, title: str, out: datetime) -> str:
    """The video of a free title. Google wants the address of a file or player, and others have none for everybody."""
    picture = backdrop(movie)
    thumbnail = absolute(file.thumbnail.url) if file.thumbnail else picture.url if picture else ""
    if movie.access != Access.FREE or not thumbnail:
        return ""
    name = clean_line(" ".join(filter(None, [movie.title, title])))
    about = clean_line(movie.summary)[:DESCRIBED] or name
    seconds = round(file.duration or 0)
    duration = f"<video:duration>{seconds}</video:duration>" if 1 <= seconds <= LONGEST else ""
    return (
        f"<video:video><video:thumbnail_loc>{escape(thumbnail)}</video:thumbnail_loc>"
        f"<video:title>{escape(name)}</video:title><video:description>{escape(about)}</video:description>"
        f"<video:content_loc>{escape(stream_url(movie.pk, number))}</video:content_loc>{duration}"
        f"<video:publication_date>{out.isoformat(timespec='seconds')}</video:publication_date></video:video>"
    )


SECTIONS = {
    "watch": Section(Episode.objects.order_by, _watchable, _watch_pages),
    "people": Section(lambda: Person.objects.current().order_by(), _credited, _people_pages),
}
