"""The way in that every address of an episode shares."""

from __future__ import annotations

from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from apps.movies.models import Episode
from apps.playback.services import Grant, authorize, is_curator


def enter(request: HttpRequest, movie_id: int, set_id: int) -> tuple[Episode, Grant]:
    """The episode, and what this viewer may see of it now. Raises Http404 for what isn't for viewers."""
    episode = get_object_or_404(
        Episode.objects.select_related("movie", "video").defer(
            "movie__summary", "movie__content", "video__failure_detail"
        ),
        movie_id=movie_id,
        number=set_id,
        movie__deleted_at=None,
    )
    if not episode.movie.is_open and not is_curator(viewer=request.user):
        raise Http404
    return episode, authorize(viewer=request.user, episode=episode, at=timezone.now())


def refusal(grant: Grant) -> JsonResponse:
    """403 with the reason, or 404 for what isn't ready."""
    answer = JsonResponse(
        {"kind": grant.kind, "reason": grant.reason}, status=404 if grant.reason == "not_ready" else 403
    )
    answer["Cache-Control"] = "private, no-store"
    return answer
