"""Home, category and ranking pages."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.movies.facets import browsing
from apps.movies.home import Home
from apps.movies.models import EVERYTHING, Audience, Banner, Category, Movie
from apps.movies.rankings import CHART, PERIODS, RANKED, hottest, ranked
from utils.cache import FRESH, allow_page_cache, page_variant, pages_version
from utils.paging import page_links
from utils.templatetags.formats import local_name

PAGE = 24
BANNERS = 8


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The home page; its rows are loaded only if no cached fragment exists."""
    types = list(Category.objects.all())
    audience = Audience.of(request)
    lists = Home(types, audience)
    banners = Banner.objects.shown(audience).select_related("movie__category")
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
def category(request: HttpRequest, subject: str, page: int) -> HttpResponse:
    """A page of a category's titles, filtered and sorted by the query; htmx gets the results alone."""
    types = list(Category.objects.all())
    everything = Movie.objects.listed(Audience.of(request))
    titles = everything.for_card()
    chosen = next((c for c in types if c.slug == subject), None)
    if chosen:
        titles = titles.filter(category=chosen)
    elif subject != EVERYTHING:
        raise Http404
    found = browsing(request.GET, everything)
    movie_page = Paginator(found.apply(titles), PAGE).get_page(page)
    context = {
        "user_info": request.user,
        "types": types,
        "subject": subject,
        "category": chosen,
        "title": local_name(chosen) if chosen else _("All titles"),
        "movie_page": movie_page,
        "pages": page_links(movie_page, lambda n: reverse("movies:category", args=[subject, n]) + found.address()),
        "result_count": movie_page.paginator.count,
        **found.context(reverse("movies:category", args=[subject, 1])),
    }
    if request.headers.get("HX-Request"):
        response = render(request, "movies/_results.html", context)
    else:
        context["ranking"] = ranked(list(hottest(titles, "week")[:RANKED]), "week")
        response = render(request, "movies/category.html", context)
    response["Vary"] = "HX-Request"
    # Only frequently requested URLs are cached: combinations of filters are endless.
    return allow_page_cache(request, response, query_is_known=found.is_plain) if page == movie_page.number else response


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
