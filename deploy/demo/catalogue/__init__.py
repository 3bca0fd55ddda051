"""The demo catalogue as data: every film in it is invented."""

from .courses import COURSES
from .films import FILMS
from .parts import GENRES, MEMBERS, NOTICES, REGIONS, SHELVES, Line, Part, Title
from .series import SERIES

TITLES: tuple[Title, ...] = FILMS + SERIES + COURSES
BY_KEY = {title.key: title for title in TITLES}
SMALL = ("tide", "inn", "design")  # what `manage.py demo --small` makes

__all__ = ["BY_KEY", "GENRES", "MEMBERS", "NOTICES", "REGIONS", "SHELVES", "SMALL", "TITLES", "Line", "Part", "Title"]
