"""What a user watched."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.movies.models import Category
from apps.playback.models import Progress
from apps.playback.services import clear_history

HISTORY_PAGE = 24


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def history(request: HttpRequest, page: int) -> HttpResponse:
    """The user's progress, newest first; POST forgets it."""
    if not request.user.is_authenticated:
        raise Http404
    if request.method == "POST":
        clear_history(user=request.user)
        return redirect("playback:history", 1)
    movie_page = Paginator(Progress.objects.for_history(request.user), HISTORY_PAGE).get_page(page)
    return render(
        request,
        "users/history.html",
        {
            "user_info": request.user,
            "user": request.user,
            "types": Category.objects.all(),
            "movies_li": movie_page.object_list,
            "movie_page": movie_page,
            "page": movie_page.number,
        },
    )
