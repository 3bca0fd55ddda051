"""The search page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.movies.models import Audience, Movie
from apps.search import services
from apps.search.asked import Asked
from apps.users import services as users
from utils.addresses import client_address
from utils.paging import page_links

PAGE = 24
NEAR = POPULAR = 12  # titles on a page without results


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """The titles for `q`, narrowed by filters and sorted; without `q`, what viewers search for."""
    asked, audience = Asked.of(request.GET), Audience.of(request)
    user = users.account_of(request)
    context: dict[str, Any] = {"user_info": request.user, "q": asked.text}
    found = services.search(text=asked.text, audience=audience, chosen=asked.chosen, sort=asked.sort, exact=asked.exact)
    if request.headers.get("HX-Request") and not found.found:  # titles that were filtered aren't listed any more
        return HttpResponse(headers={"HX-Redirect": request.get_full_path(), "Vary": "HX-Request"})
    movie_page: Page[Any] = Paginator(found.ids, PAGE).get_page(asked.page)
    context["movie_page"] = movie_page
    if found.found and asked.is_plain and _was_submitted(request):
        services.record_search(
            text=found.meant or asked.text, viewer=request.user, address=client_address(request), at=audience.at
        )
    if found.found:
        movies = Movie.objects.listed_by_key(audience).for_card().select_related("region").in_bulk(list(movie_page))
        shown = [movies[pk] for pk in movie_page if pk in movies]
        movie_page.object_list = shown
        context |= {
            "meant": found.meant,
            "exact_url": asked.address({"exact": "1"}),
            "matches": services.explain(movies=shown, query=found.meant or asked.text),
            "people": services.people(text=found.words, among=found.by_people, audience=audience)
            if asked.is_plain
            else [],
            "pages": page_links(movie_page, lambda n: asked.address(page=n)),
            "result_count": len(found.ids),
            "counted": asked.is_plain,
            **asked.context(found),
        }
    else:
        context |= {
            "near": services.near(text=asked.text, audience=audience, most=NEAR) if asked.text else [],
            "hot": services.hot.shown(at=audience.at),
            "mine": services.recent.texts(user=user) if user and not asked.text else [],
            "popular": Movie.objects.listed(audience).for_card().order_by("-plays_week", "-pk")[:POPULAR],
        }
    part = "search/_results.html" if request.headers.get("HX-Request") else "search/results.html"
    response = render(request, part, context)
    response["Vary"] = "HX-Request"
    return response


def _was_submitted(request: HttpRequest) -> bool:
    """Whether a viewer asked for the page: not another site's page, and not a browser that fetches ahead.

    Browsers say so (Fetch Metadata, Sec-Purpose); what says nothing counts.
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    return site in {"none", "same-origin"} and "Sec-Purpose" not in request.headers
