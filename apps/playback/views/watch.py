"""The watch page and the comments on it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, FilteredRelation, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.community import services as community
from apps.community.models import Comment
from apps.movies import services as movies
from apps.movies.models import Audience, Category, Chapter, Credit, Episode, Kind, Movie
from apps.playback import presenters, services
from apps.playback.models import Progress
from apps.playback.views.entry import limited_viewer
from apps.users.models import User
from utils.cache import allow_page_cache

COMMENTS_SHOWN = 30
SIMILAR_SHOWN = 6
HOTTEST_SHOWN = 8
FEW = 6  # episodes that leave space beside the player
SEEN = ("position", "duration", "finished")  # fields of the viewer's progress shown on the page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def watch(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """The page of one episode; POST posts a comment on its title."""
    audience = Audience.of(request)
    movie = get_object_or_404(
        Movie.objects.visible(audience)
        .select_related("category", "region")
        .prefetch_related(Prefetch("credits", Credit.objects.select_related("person")), "genres"),
        pk=movie_id,
    )
    if request.method == "POST":
        if not movie.episodes.filter(number=set_id).exists():
            raise Http404
        return _comment(request, movie, set_id)
    episodes, seen = _episodes(movie, request.user)
    episode = next((e for e in episodes if e.number == set_id), None)
    if episode is None and set_id == 1 and episodes:
        # External links use episode 1 even if numbering starts elsewhere.
        return redirect(next((e for e in episodes if e.video and e.video.ready_at), episodes[0]))
    if episode is None:
        raise Http404
    return allow_page_cache(
        request, render(request, "playback/watch.html", _context(request, audience, episode, episodes, seen))
    )


def _context(
    request: HttpRequest, audience: Audience, episode: Episode, episodes: list[Episode], seen: dict[int, Progress]
) -> dict[str, Any]:
    """The template context: all `episodes` of the title and the viewer's progress, `seen`."""
    movie = episode.movie
    grant = services.authorize(audience=audience, episode=episode)
    here = seen.get(episode.pk)
    similar, hottest = movies.related(movie, audience, similar=SIMILAR_SHOWN, hottest=HOTTEST_SHOWN)
    words = presenters.gate_of(episode, grant)
    return {
        "types": Category.objects.all(),
        "user_info": request.user,
        "movie": movie,
        "movie_id": movie.pk,
        "is_listed": movie.is_listed(audience),  # the pages of its people and genres may open by other titles only
        "set_id": episode.number,
        "episode": episode,
        "sets": presenters.episode_rows(episodes, episode, seen),
        "comments": Comment.objects.for_watch().filter(movie=movie)[:COMMENTS_SHOWN],
        "similar": similar,
        "hottest": hottest if len(episodes) <= FEW else [],
        "gate": words,
        "refused": grant.kind is services.GrantKind.REFUSED,
        "not_ready": grant.reason is services.Reason.NOT_READY,
        "materials": movie.materials.all() if movie.kind == Kind.COURSE else [],
        "material_need": presenters.material_gate(movie, grant.withheld, request.path),
        "player": presenters.player_config(
            movie=movie,
            episode=episode,
            episodes=episodes,
            chapters=list(Chapter.objects.filter(episode=episode)),
            grant=grant,
            gate_words=words,
            resume_at=here.position if here and here.can_resume and grant.kind is services.GrantKind.FULL else 0.0,
            signed_in=request.user.is_authenticated,
            limited=limited_viewer(request, episode, grant) is not None,
        ),
    }


def _episodes(movie: Movie, viewer: User | AnonymousUser) -> tuple[list[Episode], dict[int, Progress]]:
    """The movie's episodes, and the viewer's progress by episode, in one query."""
    rows = movie.episodes.select_related("video", "video__storyboard").defer(
        "video__failure_detail", "video__storyboard__files"
    )
    if viewer.is_authenticated:
        rows = rows.annotate(
            mine=FilteredRelation("progress", condition=Q(progress__user=viewer)),
            **{f"mine_{name}": F(f"mine__{name}") for name in SEEN},
        )
    episodes, seen = list(rows), {}
    for episode in episodes:
        episode.movie = movie
        if getattr(episode, "mine_position", None) is not None:
            seen[episode.pk] = Progress(**{name: getattr(episode, f"mine_{name}") for name in SEEN})
    return episodes, seen


def _comment(request: HttpRequest, movie: Movie, set_id: int) -> HttpResponse:
    page = reverse("playback:watch", args=[movie.pk, set_id])
    if not request.user.is_authenticated:
        target = presenters.sign_in_url(page)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=200, headers={"HX-Redirect": target})
        return redirect(target)
    error = ""
    try:
        community.post_comment(user=request.user, movie=movie, text=request.POST.get("text", ""))
    except community.UnableToComment as refused:
        error = str(refused)
    if not error and not request.headers.get("HX-Request"):
        return redirect(f"{page}#comments")
    movie.refresh_from_db(fields=["comments_count"])
    context = {
        "movie": movie,
        "movie_id": movie.pk,
        "set_id": set_id,
        "user_info": request.user,
        "comments": Comment.objects.for_watch().filter(movie=movie)[:COMMENTS_SHOWN],
        "error": error,
        "draft": request.POST.get("text", "") if error else "",
    }
    if request.headers.get("HX-Request"):
        return render(request, "parts/comments.html", context)
    return render(request, "playback/comment.html", context, status=400)
