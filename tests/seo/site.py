"""The site of these tests: its address, and titles with pictures."""

from __future__ import annotations

from apps.movies.models import Movie
from tests.factories import make_movie

SITE = "https://films.example"
BACKDROP = {"base": "backdrops/b", "color": "#000000", "widths": [400, 800, 1280, 1600], "ratio": 16 / 9}
POSTER = {"base": "posters/p", "color": "#000000", "widths": [180, 270, 400, 600], "ratio": 2 / 3}
HOSTILE = "</script><script>alert(1)</script><!--\u2028&amp;\"'"


def pictured(**fields) -> Movie:
    """A title with a poster, a backdrop and a summary."""
    return make_movie(**{"poster_set": POSTER, "backdrop_set": BACKDROP, "summary": "海边的故事。", **fields})
