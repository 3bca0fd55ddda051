"""Search pages."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from apps.movies.models import Audience
from apps.search import services
from utils.paging import page_links

PAGE = 24


def _address(text: str, page: int = 1) -> str:
    query = [("q", text), *([("page", str(page))] if page > 1 else [])]
    return f"{reverse('search:results')}?{urlencode(query)}"


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """A page of results for `q`."""
    text = request.GET.get("q", "").strip()[: services.LONGEST]
    found = services.find(text=text, audience=Audience.of(request))
    movie_page = Paginator(found, PAGE).get_page(request.GET.get("page", "1"))
    pages = page_links(movie_page, lambda n: _address(text, n))
    context = {"user_info": request.user, "q": text, "movie_page": movie_page, "pages": pages}
    return render(request, "search/results.html", context)


@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """JSON for the search box: titles with their URLs, people with a search URL."""
    rows = services.suggest(text=request.GET.get("q", ""), audience=Audience.of(request))
    found = [{"text": row.text, "url": row.address or _address(row.text)} for row in rows]
    return JsonResponse({"res": 0, "errmsg": "", "suggestions": found})
