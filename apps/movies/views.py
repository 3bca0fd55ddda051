"""Home and category pages."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.movies.facets import browsing
from apps.movies.models import Banner, Category, Movie
from utils.paging import page_links
from utils.templatetags.formats import local_name

SHELF = 12  # titles on a shelf
RANKED = 10
PAGE = 24
EVERYTHING = "all"
LOOKED_AT = 400  # hottest titles the home shelves are filled from: bounds the page, whatever the catalogue


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    published = Movie.objects.published().for_card()
    types = list(Category.objects.all())
    hottest = list(published.order_by("-plays_week", "-pk")[:LOOKED_AT])
    by_category: dict[int, list[Movie]] = {}
    for movie in hottest:
        by_category.setdefault(movie.category_id, []).append(movie)
    newest = list(published.order_by("-published_at", "-pk")[:SHELF])
    shelves = [
        {"title": local_name(c), "url": c.get_absolute_url(), "movies": by_category[c.pk][:SHELF]}
        for c in types
        if by_category.get(c.pk)
    ]
    return render(
        request,
        "movies/home.html",
        {
            "user_info": request.user,
            "types": types,
            "movies_banners": list(Banner.objects.shown(timezone.now()).select_related("movie__category")[:8]),
            "top_movies": shelves,
            "featured_movies": list(published.order_by("-plays", "-pk")[:SHELF]),
            "rating_movies": list(published.order_by("-comments_count", "-pk")[:SHELF]),
            "recrnt_movies": newest,
            "high_scored": sorted(hottest, key=lambda m: (-m.score, -m.pk))[:SHELF],
            "ranking": ranked(hottest[:RANKED]),
            "all_url": reverse("movies:category", args=[EVERYTHING, 1]),
        },
    )


def ranked(movies: list[Movie]) -> list[dict[str, Any]]:
    """The ranking's rows: place, movie, and places won since yesterday (None: new)."""
    return [
        {
            "place": place,
            "movie": movie,
            "movement": movie.rank_week_before - place if movie.rank_week_before else None,
            "fallen": place - (movie.rank_week_before or place),
        }
        for place, movie in enumerate(movies, start=1)
    ]


@require_safe
def category(request: HttpRequest, subject: str, page: int) -> HttpResponse:
    types = list(Category.objects.all())
    published = Movie.objects.published().for_card()
    chosen = None
    if subject != EVERYTHING:
        chosen = next((c for c in types if c.slug == subject), None) or get_object_or_404(Category, slug=subject)
        published = published.filter(category=chosen)
    found = browsing(request.GET)
    movie_page = Paginator(found.apply(published), PAGE).get_page(page)
    base = reverse("movies:category", args=[subject, 1])
    context = {
        "user_info": request.user,
        "types": types,
        "subject": subject,
        "category": chosen,
        "title": local_name(chosen) if chosen else _("All titles"),
        "movie_page": movie_page,
        "pages": page_links(movie_page, lambda n: reverse("movies:category", args=[subject, n]) + found.address()),
        "result_count": movie_page.paginator.count,
        **found.context(base),
    }
    if request.headers.get("HX-Request"):
        response = render(request, "movies/_results.html", context)
    else:
        response = render(request, "movies/category.html", context)
    response["Vary"] = "HX-Request"
    return response
