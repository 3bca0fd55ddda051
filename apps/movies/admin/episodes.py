"""The paged editor of a title's episodes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext

from apps.movies.models import Episode, Movie
from apps.movies.services.numbering import HIGHEST, NumberTaken, renumber

PAGE = 50  # episodes: two fields each stay far below what Django takes of a form


def edit_episodes(request: HttpRequest, movie_id: int) -> HttpResponse:
    """A page of the episodes of a title, found by `q`: their numbers and titles are saved in one go."""
    site = admin.site
    if not site._registry[Movie].has_change_permission(request):
        raise PermissionDenied
    movie = get_object_or_404(Movie, pk=movie_id)
    sought = request.GET.get("q", "").strip()
    rows = movie.episodes.select_related("video").defer("video__failure_detail").order_by("number")
    if sought:
        by_number = Q(number=int(sought)) if sought.isascii() and sought.isdigit() and len(sought) < 5 else Q()
        rows = rows.filter(Q(title__icontains=sought) | by_number)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    shown, refused = list(page), False
    if request.method == "POST":
        shown = list(movie.episodes.select_related("video").filter(pk__in=_keys(request)).order_by("number"))
        refused = not _save(request, movie, shown)
        if not refused:
            messages.success(request, gettext("The episodes are saved."))
            return redirect(request.get_full_path())
    context = {
        **site.each_context(request),
        "title": gettext("Episodes of %s") % movie.title,
        "opts": Movie._meta,
        "movie": movie,
        "page_obj": page,
        "rows": shown,
        "sought": sought,
        "make_room": request.POST.get("make_room"),
        "refused": refused,
    }
    return render(request, "admin/movies/episodes.html", context, status=400 if refused else 200)


def _keys(request: HttpRequest) -> list[int]:
    keys = [key for key in request.POST.getlist("episode") if key.isascii() and key.isdigit() and len(key) < 18]
    return [int(key) for key in keys[: 4 * PAGE]]


def _save(request: HttpRequest, movie: Movie, shown: list[Any]) -> bool:
    """Whether it is saved; if not, each row of `shown` has what was typed and its `error`."""
    right, numbers, retitled = True, {}, []
    for episode in shown:
        typed = request.POST.get(f"number-{episode.pk}", "").strip()
        title = request.POST.get(f"title-{episode.pk}", episode.title).replace("\x00", "").strip()
        if title != episode.title:
            episode.title = title
            retitled.append(episode)
        episode.typed = typed
        if not (typed.isascii() and typed.isdigit() and len(typed) < 5 and 1 <= int(typed) <= HIGHEST):
            episode.error = gettext("Say a number from 1 to %d.") % HIGHEST
            right = False
        elif len(title) > 120:
            episode.error = gettext("At most %d characters.") % 120
            right = False
        else:
            numbers[episode.pk] = int(typed)
    if not right:
        return False
    try:
        with transaction.atomic():
            renumber(movie=movie, numbers=numbers, make_room=bool(request.POST.get("make_room")))
            Episode.objects.bulk_update(retitled, ["title"])
    except NumberTaken as taken:
        for episode in shown:
            if episode.pk in taken.pks:
                episode.error = gettext("Another episode has this number.")
        return False
    return True
