"""The player's heartbeat."""

from __future__ import annotations

import math
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.playback.services import Beat, heartbeat
from apps.playback.views.entry import enter, refusal
from utils.foreign import read_object

VIEWER_COOKIE = "viewer"
REMEMBERED = 30 * 24 * 3600  # seconds
LONGEST_TAB = 40  # characters
MOST_BEATS = 2**31  # of one player
LARGEST = 2048  # bytes of a heartbeat


def _read(body: bytes) -> Beat:
    """The heartbeat in a request. Raises ValueError, KeyError or TypeError for what isn't one."""
    said = read_object(body, largest=LARGEST)
    position, duration = float(said["position"]), float(said["duration"])
    if not (math.isfinite(position) and math.isfinite(duration) and position >= 0 and duration >= 0):
        raise ValueError("position and duration must be seconds")
    number = int(said.get("number", 0))
    if not 0 <= number <= MOST_BEATS:
        raise ValueError("number must count the heartbeats of a player")
    tab = str(said.get("tab", ""))[:LONGEST_TAB]
    return Beat(position=position, duration=duration, playing=bool(said.get("playing")), tab=tab, number=number)


@csrf_exempt  # the page of a viewer who isn't signed in is kept whole and holds no token
@require_POST
def progress(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """JSON {position, duration, playing, tab, number}: seconds, and which player says it for the how manieth time.

    The answer says whom the server sees: `signedIn`, and `kind` of grant (full or preview).
    """
    episode, grant = enter(request, movie_id, set_id)
    if grant.cut is None:
        return refusal(grant)
    try:
        beat = _read(request.body)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return JsonResponse({"res": 1, "errmsg": "position and duration must be seconds"}, status=400)
    if request.content_type != "application/json":
        # What another site's page can send without asking first is never this (Fetch standard, "CORS-safelisted").
        return JsonResponse({"res": 1, "errmsg": "the body must be application/json"}, status=415)
    answer = JsonResponse({"res": 0, "errmsg": "", "kind": grant.kind, "signedIn": request.user.is_authenticated})
    if request.user.is_authenticated:
        key = f"u{request.user.pk}"
    else:
        key = request.get_signed_cookie(VIEWER_COOKIE, default=None, salt="playback.viewer") or ""
        if not key:
            key = f"a{secrets.token_hex(12)}"
            answer.set_signed_cookie(
                VIEWER_COOKIE,
                key,
                salt="playback.viewer",
                max_age=REMEMBERED,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
    heartbeat(viewer=request.user, viewer_key=key, episode=episode, grant=grant, beat=beat, at=timezone.now())
    return answer
