"""Pages of titles that are filtered, sorted and counted by the facet index: categories and genres."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.movies import services
from apps.movies.facets import Browsing
from apps.movies.models import EVERYTHING, Audience, Category, Genre, Movie
from apps.movies.rankings import RANKED, hottest, ranked
from utils.cache import allow_page_cache
from utils.numbers import row_id
from utils.paging import page_links
from utils.templatetags.formats import local, local_name

PAGE = 24
OF_GENRE = ("category", "region", "year", "run", "tag", "access")  # facets of a genre's page
SIBLINGS = 24  # other genres linked from a genre's page


@require_safe
def category(request: HttpRequest, subject: str, page: int) -> HttpResponse:
    """A page of a category's titles, filtered and sorted by the query; htmx gets the results alone."""
    types = list(Category.objects.all())
    chosen = next((c for c in types if c.slug == subject), None)
    if chosen is None and subject != EVERYTHING:
        raise Http404
    audience = Audience.of(request)
    found = Browsing(request.GET, services.facet_index(), fixed={"category": str(chosen.pk)} if chosen else {})
    movie_page: Page[Movie] = Paginator(found.matches(audience), PAGE).get_page(page)  # type: ignore[arg-type]
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
        "reset_url": base,
        **found.context(base),
    }
    if request.headers.get("HX-Request"):
        response = render(request, "movies/_results.html", context)
    else:
        titles = Movie.objects.listed(audience).for_card()
        titles = titles.filter(category=chosen) if chosen else titles
        context["ranking"] = ranked(list(hottest(titles, "week")[:RANKED]), "week")
        response = render(request, "movies/category.html", context)
    response["Vary"] = "HX-Request"
    # Only frequently requested URLs are cached: combinations of filters are endless.
    return allow_page_cache(request, response, query_is_known=found.is_plain) if page == movie_page.number else response


@require_safe
def genre(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of a genre: its introduction and titles, by category; htmx gets the results alone."""
    rows = Genre.objects.all()
    chosen = rows.filter(slug=slug).first() or rows.filter(pk=row_id(slug) or 0).first()
    index = services.facet_index()
    if chosen is None or str(chosen.pk) not in index.facets["genre"]:
        raise Http404
    base = chosen.get_absolute_url()
    if slug != (chosen.slug or str(chosen.pk)):
        return redirect(base, permanent=True)
    found = Browsing(request.GET, index, fixed={"genre": str(chosen.pk)}, facets=OF_GENRE)
    movie_page: Page[Movie] = Paginator(found.matches(Audience.of(request)), PAGE).get_page(  # type: ignore[arg-type]
        request.GET.get("page", "1")
    )
    browsing = found.context(base)
    context = {
        "genre": chosen,
        "title": local_name(chosen),
        "about": local(chosen, "about"),
        "movie_page": movie_page,
        "pages": page_links(movie_page, lambda n: base + found.address(page=str(n) if n > 1 else None)),
        "result_count": movie_page.paginator.count,
        "reset_url": base,
        "siblings": _siblings(index, chosen),
        **browsing,
        "channels": next((facet for facet in browsing["facets"] if facet["name"] == "category"), None),
        "facets": [facet for facet in browsing["facets"] if facet["name"] != "category"],
    }
    part = request.headers.get("HX-Request")
    response = render(request, "movies/_genre_results.html" if part else "movies/genre.html", context)
    response["Vary"] = "HX-Request"
    return allow_page_cache(request, response, query_is_known=found.is_plain)


def _siblings(index: services.FacetIndex, chosen: Genre) -> list[dict[str, Any]]:
    """The most frequent other genres: genre and number of titles."""
    counts = index.counts({}, ["genre"])["genre"]
    others = sorted((key for key in counts if key != str(chosen.pk)), key=lambda key: -counts[key])[:SIBLINGS]
    rows = Genre.objects.in_bulk([int(key) for key in others])
    return [{"genre": rows[int(key)], "count": counts[key]} for key in others if int(key) in rows]
