"""The demo catalogue as data: every film in it is invented."""

from .courses import COURSES
from .films import FILMS
from .parts import ABOUT_GENRES, GENRES, LANGUAGES, MEMBERS, NOTICES, REGIONS, SHELVES, TAGS, Line, Part, Title
from .people import PEOPLE, Figure
from .series import SERIES

TITLES: tuple[Title, ...] = FILMS + SERIES + COURSES
BY_KEY = {title.key: title for title in TITLES}
SMALL = ("tide", "inn", "design")  # what `manage.py demo --small` makes

__all__ = [
    "ABOUT_GENRES",
    "BY_KEY",
    "GENRES",
    "LANGUAGES",
    "MEMBERS",
    "NOTICES",
    "PEOPLE",
    "REGIONS",
    "SHELVES",
    "SMALL",
    "TAGS",
    "TITLES",
    "Figure",
    "Line",
    "Part",
    "Title",
]
