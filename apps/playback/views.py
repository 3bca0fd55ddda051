"""The watch page, its playlists and files, the heartbeat, the history."""

from __future__ import annotations

import json
import math
import mimetypes
import time
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import SuspiciousFileOperation
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from apps.community.models import Comment
from apps.community.services import UnableToComment, post_comment
from apps.media import hls
from apps.media.models import Rendition, Storyboard, Subtitle
from apps.movies.models import Category, Episode, Kind, Movie
from apps.playback import presenters
from apps.playback.models import Progress
from apps.playback.services import Grant, authorize, clear_history, heartbeat
from utils.signing import Verdict, sign, verify
from utils.storages import videos

try:
    import uwsgi
except ImportError:  # another server: Django sends the file itself
    uwsgi = None

COMMENTS_SHOWN = 30
HISTORY_PAGE = 24
PLAYLIST = "application/vnd.apple.mpegurl"


def _load(request: HttpRequest, movie_id: int, set_id: int) -> tuple[Episode, Grant]:
    """The episode, and what this viewer may see of it. Raises Http404 for what isn't on the shelf."""
    episode = get_object_or_404(Episode.objects.select_related("movie", "video"), movie_id=movie_id, number=set_id)
    if not episode.movie.is_shown and not request.user.is_staff:
        raise Http404
    return episode, authorize(viewer=request.user, episode=episode, at=timezone.now())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def watch(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    movies = Movie.objects.live() if request.user.is_staff else Movie.objects.published()
    movie = get_object_or_404(
        movies.select_related("category", "region").prefetch_related("credits__person"), pk=movie_id
    )
    if request.method == "POST":
        return _comment(request, movie, set_id)
    episodes = list(
        movie.episodes.select_related("video", "video__storyboard")
        .defer("video__failure_detail")
        .prefetch_related("chapters")
    )
    episode = next((e for e in episodes if e.number == set_id), None)
    if episode is None:
        raise Http404
    for one in episodes:
        one.movie = movie
    grant = authorize(viewer=request.user, episode=episode, at=timezone.now())
    seen: dict[int, Progress] = {}
    if request.user.is_authenticated:
        seen = {p.episode_id: p for p in Progress.objects.filter(user=request.user, episode__movie=movie)}
    here = seen.get(episode.pk)
    words = presenters.gate(movie, grant, request.path)
    return render(
        request,
        "playback/watch.html",
        {
            "types": Category.objects.all(),
            "user_info": request.user,
            "movie": movie,
            "movie_id": movie_id,
            "set_id": set_id,
            "episode": episode,
            "sets": presenters.episode_rows(episodes, episode, seen),
            "comments": Comment.objects.for_watch().filter(movie=movie)[:COMMENTS_SHOWN],
            "similar": Movie.objects.published().for_card().filter(category=movie.category).exclude(pk=movie.pk)[:6],
            "gate": words,
            "materials": movie.materials.all() if movie.kind == Kind.COURSE else [],
            "player": presenters.player_config(
                movie=movie,
                episode=episode,
                episodes=episodes,
                grant=grant,
                gate_words=words,
                resume_at=here.position if here and here.can_resume else 0.0,
                signed_in=request.user.is_authenticated,
            ),
        },
    )


def _comment(request: HttpRequest, movie: Movie, set_id: int) -> HttpResponse:
    page = reverse("playback:watch", args=[movie.pk, set_id])
    if not request.user.is_authenticated:
        target = f"{reverse('users:login')}?next={quote(page)}"
        if request.headers.get("HX-Request"):
            return HttpResponse(status=200, headers={"HX-Redirect": target})
        return redirect(target)
    error = ""
    try:
        post_comment(user=request.user, movie=movie, text=request.POST.get("text", ""))
    except UnableToComment as refused:
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


def _playlist(text: str) -> HttpResponse:
    return HttpResponse(text, content_type=PLAYLIST, headers={"Cache-Control": "private, no-store"})


def _refusal(grant: Grant) -> JsonResponse:
    return JsonResponse({"reason": grant.reason}, status=404 if grant.reason == "not_ready" else 403)


def _signed(name: str, seconds: float) -> str:
    """The address of a stored file, good for the longer of the site's time and twice the title's length."""
    expires_at = math.ceil(time.time() + max(settings.TOKEN_TTL, 2 * seconds))
    return sign(f"{settings.VIDEO_URL}{name}", expires_at=expires_at)


@require_GET
def master(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    episode, grant = _load(request, movie_id, set_id)
    if grant.cut is None or episode.video is None:
        return _refusal(grant)
    return _playlist(
        hls.master(
            episode.video.renditions.filter(cut=grant.cut).defer("segments"),
            episode.video.subtitles.all(),
            rendition_url=lambda row: reverse("playback:rendition", args=[movie_id, set_id, row.name]),
            subtitle_url=lambda row: reverse("playback:subtitle", args=[movie_id, set_id, row.pk]),
        )
    )


@require_GET
def rendition(request: HttpRequest, movie_id: int, set_id: int, name: str) -> HttpResponse:
    episode, grant = _load(request, movie_id, set_id)
    if grant.cut is None or episode.video is None:
        return _refusal(grant)
    row = get_object_or_404(Rendition, video=episode.video, cut=grant.cut, name=name)
    return _playlist(hls.media(row, file_url=_signed(row.file, row.duration)))


@require_GET
def subtitle(request: HttpRequest, movie_id: int, set_id: int, subtitle_id: int) -> HttpResponse:
    episode, grant = _load(request, movie_id, set_id)
    if grant.cut is None or episode.video is None:
        return _refusal(grant)
    row = get_object_or_404(Subtitle, video=episode.video, pk=subtitle_id)
    duration = episode.video.duration or 1.0
    return _playlist(hls.text(file_url=_signed(row.file, duration), duration=duration))


@require_GET
def storyboard(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """The seek bar's pictures as WebVTT cues with media fragments (#xywh)."""
    episode, grant = _load(request, movie_id, set_id)
    if grant.cut != Rendition.Cut.FULL or episode.video is None:
        return _refusal(grant)
    board = get_object_or_404(Storyboard, video=episode.video)
    duration = episode.video.duration or 0.0
    sheets = [_signed(name, duration) for name in board.files]
    lines = ["WEBVTT", ""]
    for number in range(board.count):
        start, end = number * board.interval, min((number + 1) * board.interval, duration)
        sheet, place = divmod(number, board.columns * board.rows)
        if start >= end or sheet >= len(sheets):
            break
        row, column = divmod(place, board.columns)
        box = f"{column * board.tile_width},{row * board.tile_height},{board.tile_width},{board.tile_height}"
        lines += [f"{_clock(start)} --> {_clock(end)}", f"{sheets[sheet]}#xywh={box}", ""]
    return HttpResponse("\n".join(lines), content_type="text/vtt", headers={"Cache-Control": "private, no-store"})


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{rest:06.3f}"


@require_safe
def video_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """A stored file, for who holds its token: 403 for a wrong one, 410 for one that has expired.

    Under uWSGI the offload threads send it (X-Sendfile); in the real stack nginx never asks here.
    """
    verdict = verify(
        f"{settings.VIDEO_URL}{name}", request.GET.get("st", ""), request.GET.get("ts", ""), now=time.time()
    )
    if verdict is Verdict.FORGED:
        return HttpResponse(status=403)
    if verdict is Verdict.EXPIRED:
        return HttpResponse(status=410)
    storage = videos()
    try:
        size = storage.size(name)
    except (FileNotFoundError, SuspiciousFileOperation) as error:
        raise Http404 from error
    if _past_the_end(request.headers.get("Range", ""), size):
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    if uwsgi is None:
        return FileResponse(storage.open(name), content_type=kind, headers=headers)
    return HttpResponse(content_type=kind, headers={**headers, "X-Sendfile": storage.path(name)})


def _past_the_end(header: str, size: int) -> bool:
    """Whether the first range of a Range header begins at or past `size` bytes (RFC 9110 §14.1.2)."""
    first = header.removeprefix("bytes=").split(",")[0].split("-")[0].strip()
    return header.startswith("bytes=") and first.isascii() and first.isdigit() and int(first) >= size


@require_POST
def progress(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """The player's heartbeat: JSON {position, duration, playing}, seconds."""
    episode, grant = _load(request, movie_id, set_id)
    if grant.cut is None:
        return _refusal(grant)
    try:
        said: dict[str, Any] = json.loads(request.body)
        position, duration = float(said["position"]), float(said["duration"])
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"res": 1, "errmsg": "position and duration must be numbers"}, status=400)
    if not (math.isfinite(position) and math.isfinite(duration) and position >= 0 and duration >= 0):
        return JsonResponse({"res": 1, "errmsg": "position and duration must not be negative"}, status=400)
    if request.user.is_authenticated:
        key = f"u{request.user.pk}"
    else:
        if not request.session.session_key:
            request.session["watching"] = True
            request.session.save()
        key = f"s{request.session.session_key}"
    heartbeat(
        viewer=request.user,
        viewer_key=key,
        episode=episode,
        position=position,
        duration=duration,
        playing=bool(said.get("playing")),
        at=timezone.now(),
    )
    return JsonResponse({"res": 0, "errmsg": ""})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def history(request: HttpRequest, page: int) -> HttpResponse:
    """What the user watched, newest first; POST forgets it."""
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
