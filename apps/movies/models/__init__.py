"""The catalogue."""

from apps.movies.models.banners import Banner
from apps.movies.models.categories import EVERYTHING, Category, Genre, Language, Region, Tag
from apps.movies.models.credits import Credit
from apps.movies.models.episodes import ASIDE, HIGHEST, Chapter, Episode, Material
from apps.movies.models.facets import StoredFacets
from apps.movies.models.people import Person
from apps.movies.models.plays import Play, PlayDay
from apps.movies.models.schedules import Schedule
from apps.movies.models.titles import Access, Kind, Movie, MovieQuerySet, Run, run_of
from apps.movies.models.visibility import OPENED, Audience, Status, listed, listed_by_key

__all__ = [
    "ASIDE",
    "EVERYTHING",
    "HIGHEST",
    "OPENED",
    "Access",
    "Audience",
    "Banner",
    "Category",
    "Chapter",
    "Credit",
    "Episode",
    "Genre",
    "Kind",
    "Language",
    "Material",
    "Movie",
    "MovieQuerySet",
    "Person",
    "Play",
    "PlayDay",
    "Region",
    "Run",
    "Schedule",
    "Status",
    "StoredFacets",
    "Tag",
    "listed",
    "listed_by_key",
    "run_of",
]
