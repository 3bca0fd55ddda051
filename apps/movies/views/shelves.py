"""The home page and the rankings."""

from __future__ import annotations

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from apps.movies.home import Home
from apps.movies.models import EVERYTHING, Audience, Banner, Category, Movie
from apps.movies.rankings import CHART, PERIODS, RANKED, hottest, ranked
from utils.cache import FRESH, allow_page_cache, page_variant, pages_version

BANNERS = 8


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The home page; its rows are loaded only if no cached fragment exists."""
    types = list(Category.objects.all())
    audience = Audience.of(request)
    lists = Home(types, audience)
    titles = Prefetch("movie", Movie.objects.select_related("category"))
    banners = Banner.objects.shown(audience).prefetch_related(titles)
    context = {
        "user_info": request.user,
        "types": types,
        # Evaluated only for fragments that aren't cached.
        "movies_banners": SimpleLazyObject(lambda: list(banners[:BANNERS])),
        "top_movies": SimpleLazyObject(lists.shelves),
        "featured_movies": SimpleLazyObject(lambda: lists["featured"]),
        "rating_movies": SimpleLazyObject(lambda: lists["discussed"]),
        "recrnt_movies": SimpleLazyObject(lambda: lists["newest"]),
        "high_scored": SimpleLazyObject(lambda: lists["scored"]),
        "ranking": SimpleLazyObject(lists.ranking),
        "period": "week",
        "periods": PERIODS,
        "all_url": reverse("movies:category", args=[EVERYTHING, 1]),
        "fresh": FRESH,
        "version": f"{pages_version()}:{page_variant(request)}",
    }
    return allow_page_cache(request, render(request, "movies/home.html", context))


@require_safe
def ranking(request: HttpRequest, period: str) -> HttpResponse:
    """The most played titles of a period; htmx gets the short list beside a page."""
    if period not in PERIODS:
        raise Http404
    part = bool(request.headers.get("HX-Request"))
    titles = Movie.objects.listed(Audience.of(request)).for_card()
    movies = list(hottest(titles, period)[: RANKED if part else CHART])
    context = {"ranking": ranked(movies, period), "period": period, "periods": PERIODS}
    response = render(request, "parts/ranking.html" if part else "movies/ranking.html", context)
    response["Vary"] = "HX-Request"
    return allow_page_cache(request, response)
