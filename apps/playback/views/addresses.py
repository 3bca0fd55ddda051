"""Renewing the signed URLs of a player."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_safe

from apps.playback.addresses import expiry, files_of, signed
from apps.playback.views.entry import admit, refusal

PRIVATE = {"Cache-Control": "private, no-store"}


@require_safe
def addresses(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """JSON: `files`, a fresh URL for each file that the player may have open; `kind` of grant."""
    episode, grant = admit(request, movie_id, set_id)
    video = episode.video
    if grant.variant is None or video is None:
        return refusal(grant)
    until = expiry(request, episode.movie, grant.variant, video.duration or 0)
    files = [signed(name, until) for name in files_of(video, grant.variant)]
    return JsonResponse({"kind": grant.kind, "files": files}, headers=PRIVATE)


@require_safe
def file(request: HttpRequest, movie_id: int, set_id: int, name: str) -> HttpResponse:
    """Redirect to a fresh URL of one file, for players that can't renew the URLs in a playlist.

    Every request passes here with the viewer's session and place. Raises Http404 for other titles' files.
    """
    episode, grant = admit(request, movie_id, set_id)
    video = episode.video
    if grant.variant is None or video is None:
        return refusal(grant)
    if name not in files_of(video, grant.variant):
        raise Http404
    address = signed(name, expiry(request, episode.movie, grant.variant, video.duration or 0))
    return HttpResponseRedirect(address, headers=PRIVATE)
