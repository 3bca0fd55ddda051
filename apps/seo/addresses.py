"""Public addresses of pages and pictures, from SITE_URL: the Host header is the client's to choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language

from apps.movies.models import Movie, Person
from utils.page_languages import in_language
from utils.pictures import url

SHARED = 1200  # pixels: the width of a large card on social networks


def absolute(address: str) -> str:
    """The full URL of an address of this site; a full URL, such as that of a picture elsewhere, stays."""
    return urljoin(f"{settings.SITE_URL}/", address)


def page_url(address: str) -> str:
    """The full URL of a page in the current language."""
    return absolute(in_language(address, get_language() or settings.LANGUAGE_CODE))


def watch_path(movie_id: int, number: int) -> str:
    """The address of an episode's page."""
    return reverse("playback:watch", args=[movie_id, number])


def stream_url(movie_id: int, number: int) -> str:
    """The full URL of an episode's master playlist: it stays the same, and the signed addresses are inside.

    Anybody gets the whole of a free title there.
    """
    return absolute(reverse("playback:master", args=[movie_id, number]))


@dataclass(frozen=True)
class Picture:
    """A JPEG with its full URL; width and height in pixels."""

    url: str
    width: int
    height: int

    @property
    def is_wide(self) -> bool:
        return self.width > self.height


def _of_set(found: dict[str, Any], least: int) -> Picture | None:
    """The narrowest of a set's pictures that is `least` pixels wide, else its widest; None for an empty set."""
    if not found:
        return None
    width = next((width for width in found["widths"] if width >= least), found["widths"][-1])
    return Picture(absolute(url(found, width, "jpg")), width, round(width / found["ratio"]))  # type: ignore[arg-type]


def poster(movie: Movie) -> Picture | None:
    """The upright picture in its largest size."""
    return _of_set(movie.poster_set, SHARED)


def backdrop(movie: Movie) -> Picture | None:
    """The wide picture, 1200 pixels or more where it has that size."""
    return _of_set(movie.backdrop_set, SHARED)


def portrait(person: Person) -> Picture | None:
    """The picture of a person in its largest size."""
    return _of_set(person.portrait_set, SHARED)


def share_picture(movie: Movie) -> Picture | None:
    """The picture of a shared link: the backdrop, or the poster where the backdrop is only a strip cut from it."""
    cut = movie.poster and movie.backdrop_set.get("source") == movie.poster.name
    return (poster(movie) if cut else backdrop(movie)) or poster(movie)
