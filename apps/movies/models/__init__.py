"""The catalogue."""

from apps.movies.models.banners import Banner
from apps.movies.models.categories import EVERYTHING, Category, Genre, Region
from apps.movies.models.episodes import ASIDE, HIGHEST, Chapter, Episode, Material
from apps.movies.models.plays import Play, PlayDay
from apps.movies.models.titles import Access, Credit, Kind, Movie, MovieQuerySet, Person
from apps.movies.models.visibility import OPENED, Audience, Status, listed

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
    "Material",
    "Movie",
    "MovieQuerySet",
    "Person",
    "Play",
    "PlayDay",
    "Region",
    "Status",
    "listed",
]
