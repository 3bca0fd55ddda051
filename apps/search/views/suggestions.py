"""JSON for the search box."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.text import capfirst
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from apps.movies.models import Audience, Movie
from apps.search import services
from apps.search.addresses import results_address
from utils.addresses import client_address
from utils.numbers import row_id
from utils.pictures import url
from utils.templatetags.formats import local
from utils.untrusted_json import read_object

LARGEST = 1024  # bytes of a request
SMALLEST = 180  # pixels, the width of a poster


@never_cache
@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """Suggestions for `q`: `text`, `url` and `source` (mine, title, person or hot) of each.

    `parts` of a text are pairs: a piece, and whether it matches. Titles have `movie` (their id), `line`, and `poster`,
    the addresses of an AVIF and a JPEG.
    """
    text = request.GET.get("q", "")
    rows = services.suggest(text=text, audience=Audience.of(request))
    return JsonResponse({"res": 0, "errmsg": "", "suggestions": [_row(row, text) for row in rows]})


def _row(row: services.Suggestion, query: str) -> dict[str, Any]:
    parts = services.marked(row.text, query)
    found: dict[str, Any] = {"source": row.source.value, "text": row.text, "url": results_address(row.text)}
    found["parts"] = parts
    if movie := row.movie:
        found |= {"url": movie.get_absolute_url(), "movie": movie.pk, "line": _line(movie)}
        if movie.poster_set:
            found["poster"] = [url(movie.poster_set, SMALLEST, suffix) for suffix in ("avif", "jpg")]
    elif row.person:
        found["url"] = row.person.get_absolute_url()
    return found


def _line(movie: Movie) -> str:
    """2019 · film · science fiction."""
    genres = local(movie, "genre_line")
    return " · ".join(str(one) for one in (movie.year, capfirst(str(movie.get_kind_display())), genres) if one)


@csrf_exempt  # pages of anonymous viewers are cached whole and contain no token
@require_POST
def picked(request: HttpRequest) -> JsonResponse:
    """JSON {movie}: a suggested title that the viewer opened; it counts as a search for the title."""
    if request.content_type != "application/json":
        # Another site's page can't send this type without a preflight (Fetch standard, "CORS-safelisted").
        return JsonResponse({"res": 1, "errmsg": "the body must be application/json"}, status=415)
    try:
        movie = row_id(str(read_object(request.body, largest=LARGEST)["movie"]))
    except (ValueError, KeyError):
        movie = None
    if movie is None:
        return JsonResponse({"res": 1, "errmsg": "movie must be the id of a title"}, status=400)
    services.record_pick(movie_id=movie, audience=Audience.of(request), address=client_address(request))
    return JsonResponse({"res": 0, "errmsg": ""})
