"""The paginated editor of a title's episodes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext

from apps.movies import services
from apps.movies.models import HIGHEST, Episode, Movie
from utils.numbers import row_id
from utils.plain_text import clean_line

PAGE = 50  # episodes: five fields each stay well below Django's form limit
LISTED = 5  # changes by others listed in a message


def episodes_page(request: HttpRequest, movie_id: int) -> HttpResponse:
    """A page of a title's episodes, filtered by `q`; numbers and titles are saved together."""
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
    wrong: dict[int, str] = {}
    shown, trouble = list(page), ""
    if request.method == "POST":
        edits, wrong = _read(request, movie)
        try:
            if not wrong:
                notes = services.edit_episodes(movie=movie, edits=edits, make_room=bool(request.POST.get("make_room")))
                return _saved(request, notes)
        except services.UnableToEdit as unable:
            wrong = unable.errors
        except IntegrityError:  # another form created the episode
            trouble = gettext("Someone else is editing this title. Please save again.")
        shown = _typed(request, movie, wrong)
    context = {
        **site.each_context(request),
        "title": gettext("Episodes of %s") % movie.title,
        "opts": Movie._meta,
        "movie": movie,
        "page_obj": page,
        "rows": [episode if hasattr(episode, "typed") else _unchanged(episode) for episode in shown],
        "sought": sought,
        "make_room": request.POST.get("make_room"),
        "trouble": trouble or (wrong and gettext("Not saved. Check the highlighted rows.")),
    }
    return render(request, "admin/movies/episodes.html", context, status=400 if wrong or trouble else 200)


def _saved(request: HttpRequest, notes: list[str]) -> HttpResponse:
    messages.success(request, gettext("Episodes saved."))
    if notes:
        more = ["…"] if len(notes) > LISTED else []
        heading = gettext("Changed by someone else in the meantime:")
        messages.warning(request, " ".join([heading, *notes[:LISTED], *more]))
    return redirect(request.get_full_path())


def _keys(request: HttpRequest) -> list[int]:
    keys = (row_id(key) for key in request.POST.getlist("episode")[: 4 * PAGE])
    return [key for key in keys if key]


def _sent(request: HttpRequest, name: str, pk: int, default: str = "") -> str:
    return request.POST.get(f"{name}-{pk}", default).replace("\x00", "").strip()


def _number(text: str) -> int:
    """Parse an episode number; 0 if invalid."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _read(request: HttpRequest, movie: Movie) -> tuple[list[services.Edit], dict[int, str]]:
    """The submitted edits, and errors by primary key."""
    there = movie.episodes.only("movie", "number", "title").in_bulk(_keys(request))
    longest = Episode._meta.get_field("title").max_length or 0
    edits, wrong = [], {}
    for pk in _keys(request):
        now = there.get(pk) or Episode(number=0, title="")
        edit = services.Edit(
            pk=pk,
            number=_number(_sent(request, "number", pk)),
            title=clean_line(_sent(request, "title", pk, now.title)),
            number_was=_number(_sent(request, "number-was", pk)) or now.number,
            title_was=_sent(request, "title-was", pk, now.title),
        )
        if not edit.number:
            wrong[pk] = gettext("Enter a number from 1 to %d.") % HIGHEST
        elif len(edit.title) > longest:
            wrong[pk] = gettext("At most %d characters.") % longest
        edits.append(edit)
    return edits, wrong


def _typed(request: HttpRequest, movie: Movie, wrong: dict[int, str]) -> list[Any]:
    """The submitted episodes in their current state, with the typed values and errors."""
    rows = movie.episodes.select_related("video").defer("video__failure_detail").filter(pk__in=_keys(request))
    shown = [_unchanged(episode) for episode in rows.order_by("number")]
    for episode in shown:
        episode.error = wrong.get(episode.pk, "")
        for name in ("number", "title"):
            typed = _sent(request, name, episode.pk)
            if typed != _sent(request, f"{name}-was", episode.pk, str(getattr(episode, name))):
                episode.typed[name] = typed
    return shown


def _unchanged(episode: Any) -> Any:
    episode.typed = {"number": str(episode.number), "title": episode.title}
    return episode
