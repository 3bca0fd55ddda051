from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.search.services import LONGEST, find

PAGE = 24


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:LONGEST]
    page = request.GET.get("page", "1")
    movie_page = Paginator(find(text=text), PAGE).get_page(page)
    return render(request, "search/results.html", {"q": text, "movie_page": movie_page})
