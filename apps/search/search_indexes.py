"""What the search index holds of a title."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from haystack import indexes

from apps.movies.models import Category, Credit, Movie, MovieQuerySet, Region
from apps.search.analyzers import LONGEST_TEXT, Names, PeopleNames, PeopleSounds, Sounds, Summaries, spoken
from apps.search.heat import heat
from apps.search.keys import literal
from utils.chinese.sounds import near

NAMES, SOUNDS, PEOPLE, PEOPLE_SOUNDS, SUMMARIES = Names(), Sounds(), PeopleNames(), PeopleSounds(), Summaries()
MOST_PEOPLE = 40  # of a title, the first credited
READ = (
    *("pk", "title", "original_title", "aliases", "tagline", "summary", "genre_line", "genre_line_en", "year"),
    *("plays", "plays_week", "published_at", "category_id", "region_id"),
)


class MovieIndex(indexes.SearchIndex, indexes.Indexable):
    """Published titles; what a viewer may see of them is asked again when they are shown."""

    title = indexes.CharField(model_attr="title", analyzer=NAMES)
    aliases = indexes.MultiValueField(analyzer=NAMES)
    people = indexes.MultiValueField(analyzer=PEOPLE)
    sounds = indexes.MultiValueField(analyzer=SOUNDS, stored=False)
    alias_sounds = indexes.MultiValueField(analyzer=SOUNDS, stored=False)
    people_sounds = indexes.MultiValueField(analyzer=PEOPLE_SOUNDS, stored=False)
    near = indexes.MultiValueField(indexed=False, faceted=True, stored=False)  # looked up as a whole
    text = indexes.CharField(document=True, analyzer=SUMMARIES)
    heat = indexes.IntegerField()

    def get_model(self) -> type[Movie]:
        return Movie

    def index_queryset(self, using: str | None = None) -> MovieQuerySet:
        return Movie.objects.published()

    def prepare(self, movie: Movie) -> dict[str, Any]:
        (self.prepared_data,) = self.prepare_all([movie])
        return self.prepared_data

    def full_prepare(self, movie: Movie) -> dict[str, Any]:
        return self.prepare(movie)

    def prepare_all(self, movies: MovieQuerySet | Sequence[Movie]) -> Iterator[dict[str, Any]]:
        """What `prepare` returns for each, with one query for each relation of all of them.

        Haystack looks each field's attribute up for each title, which is ten times slower; so is making a model.
        """
        rows = list(movies.values_list(*READ, named=True)) if isinstance(movies, MovieQuerySet) else movies
        if not rows:
            return
        people, labels = _people(rows), _labels(rows)
        for row in rows:
            aliases = [name for line in (row.original_title, *row.aliases.splitlines()) if (name := line.strip())]
            aliases = [name for name in dict.fromkeys(aliases) if name != row.title]
            yield {
                "id": f"movies.movie.{row.pk}",
                "django_ct": "movies.movie",
                "django_id": str(row.pk),
                "title": row.title,
                "aliases": aliases,
                "people": people[row.pk],
                "sounds": [found] if (found := spoken(row.title)) else [],
                "alias_sounds": [found for name in aliases if (found := spoken(name))],
                "people_sounds": [found for name in people[row.pk] if (found := spoken(name, first=False))],
                "near": list(dict.fromkeys([found for name in (row.title, *aliases) if (found := near(name))])),
                "text": _text(row, labels[row.pk]),
                "heat": heat(row),
            }


def _people(movies: Sequence[Movie]) -> dict[int, list[str]]:
    """Names of the first credited people of each title."""
    credits = Credit.objects.filter(movie__in=literal(movie.pk for movie in movies)).order_by("movie_id", "order", "pk")
    fields = ("movie_id", "person__name", "person__original_name", "person__aliases")
    found: dict[int, list[str]] = {movie.pk: [] for movie in movies}
    for pk, credited in groupby(credits.values_list(*fields), itemgetter(0)):
        names: dict[str, None] = {}
        for _, name, original, aliases in islice(credited, MOST_PEOPLE):
            names[name.strip()] = None
            if original or aliases:
                names |= dict.fromkeys([line.strip() for line in (original, *aliases.splitlines())])
        names.pop("", None)
        found[pk] = list(names)
    return found


def _labels(movies: Sequence[Movie]) -> dict[int, list[str]]:
    """Category, region, tags and languages of each title."""
    categories = dict(Category.objects.filter(pk__in={movie.category_id for movie in movies}).values_list("pk", "name"))
    regions = dict(Region.objects.filter(pk__in={movie.region_id for movie in movies}).values_list("pk", "name"))
    found = {movie.pk: [categories[movie.category_id], regions.get(movie.region_id or 0, "")] for movie in movies}
    for links, name in ((Movie.tags.through, "tag__name"), (Movie.languages.through, "language__name")):
        for pk, label in links.objects.filter(movie__in=literal(found)).order_by("pk").values_list("movie_id", name):
            found[pk].append(label)
    return found


def _text(movie: Movie, labels: Sequence[str]) -> str:
    """What else a title is known by, ahead of its summary."""
    words = (movie.year, *labels[:2], movie.genre_line, movie.genre_line_en, *labels[2:], movie.tagline, movie.summary)
    return " ".join([str(word) for word in words if word])[:LONGEST_TEXT]
