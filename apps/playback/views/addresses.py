"""New addresses for a player that has had its old ones for a while."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_safe

from apps.playback.addresses import expiry, files_of, signed
from apps.playback.views.entry import admit, refusal

PRIVATE = {"Cache-Control": "private, no-store"}


@require_safe
def addresses(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """`files`: the address of each file that a player of this episode may have open, signed anew; `kind` of grant."""
    episode, grant = admit(request, movie_id, set_id)
    video = episode.video
    if grant.variant is None or video is None:
        return refusal(grant)
    until = expiry(request, episode.movie, grant.variant, video.duration or 0)
    files = [signed(name, until) for name in files_of(video, grant.variant)]
    return JsonResponse({"kind": grant.kind, "files": files}, headers=PRIVATE)


@require_safe
def file(request: HttpRequest, movie_id: int, set_id: int, name: str) -> HttpResponse:
    """Lead to the address of one file, signed just now: for players that can't renew what stands in a playlist.

    Each piece asks here, and so with its viewer's session and the player's place. Raises Http404 for another title's.
    """
    episode, grant = admit(request, movie_id, set_id)
    video = episode.video
    if grant.variant is None or video is None:
        return refusal(grant)
    if name not in files_of(video, grant.variant):
        raise Http404
    address = signed(name, expiry(request, episode.movie, grant.variant, video.duration or 0))
    return HttpResponseRedirect(address, headers=PRIVATE)
