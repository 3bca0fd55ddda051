"""The catalogue."""

from apps.movies.models.banners import Banner
from apps.movies.models.categories import EVERYTHING, Category, Genre, Region
from apps.movies.models.episodes import ASIDE, HIGHEST, Chapter, Episode, Material
from apps.movies.models.plays import Play, PlayDay
from apps.movies.models.titles import OPENED, Access, Credit, Kind, Movie, MovieQuerySet, Person, Status

__all__ = [
    "ASIDE",
    "EVERYTHING",
    "HIGHEST",
    "OPENED",
    "Access",
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
]
