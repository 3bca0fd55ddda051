"""Heartbeats and places of players."""

from __future__ import annotations

import math
import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.movies.models import Episode
from apps.playback import presenters, services
from apps.playback.models import viewer_key
from apps.playback.views.entry import NAME, enter, limited_viewer, player_of, refusal
from utils.addresses import client_address
from utils.databases import unless_full
from utils.numbers import row_id
from utils.untrusted_json import read_object

VIEWER_COOKIE = "viewer"
COOKIE_AGE = 30 * 24 * 3600  # seconds
MOST_HEARTBEATS = 2**31  # per player
LARGEST = 2048  # bytes of a request


def _parse_heartbeat(said: dict[str, Any]) -> services.Heartbeat:
    """Parse a heartbeat. Raises ValueError, KeyError or TypeError if it is malformed."""
    position, duration = float(said["position"]), float(said["duration"])
    if not (math.isfinite(position) and math.isfinite(duration) and position >= 0 and duration >= 0):
        raise ValueError("position and duration must be seconds")
    number = int(said.get("number", 0))
    if not 0 <= number <= MOST_HEARTBEATS:
        raise ValueError("number must count the heartbeats of a player")
    tab = str(said.get("tab", ""))
    return services.Heartbeat(position, duration, bool(said.get("playing")), tab if NAME.fullmatch(tab) else "", number)


@csrf_exempt  # pages of anonymous viewers are cached whole and contain no token
@require_POST
def progress(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """JSON {position, duration, playing, tab, number}: times in seconds, the player and its heartbeat number.

    `player` and `page` identify the place. The response contains `signedIn`, `kind` of grant (full or preview)
    and `place`: held, full (lapsed, and all in use) or stopped; "" if none is needed.
    """
    episode, grant = enter(request, movie_id, set_id)
    if grant.variant is None:
        return refusal(grant)
    try:
        said = read_object(request.body, largest=LARGEST)
        heartbeat = _parse_heartbeat(said)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return JsonResponse({"res": 1, "errmsg": "position and duration must be seconds"}, status=400)
    if request.content_type != "application/json":
        # Another site's page can't send this type without a preflight (Fetch standard, "CORS-safelisted").
        return JsonResponse({"res": 1, "errmsg": "the body must be application/json"}, status=415)
    place = _renewed(request, episode, grant, said, playing=heartbeat.playing)
    answer = JsonResponse(
        {"res": 0, "errmsg": "", "kind": grant.kind, "signedIn": request.user.is_authenticated, "place": place}
    )
    if request.user.is_authenticated:
        key = viewer_key(request.user)
    else:
        key = request.get_signed_cookie(VIEWER_COOKIE, default=None, salt="playback.viewer") or ""
        if not key:
            key = f"a{secrets.token_hex(12)}"
            answer.set_signed_cookie(
                VIEWER_COOKIE,
                key,
                salt="playback.viewer",
                max_age=COOKIE_AGE,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
    with unless_full():
        services.record_heartbeat(
            viewer=request.user,
            viewer_key=key,
            address=client_address(request),
            episode=episode,
            grant=grant,
            heartbeat=heartbeat,
            at=timezone.now(),
        )
    return answer


def _renewed(
    request: HttpRequest, episode: Episode, grant: services.Grant, said: dict[str, Any], *, playing: bool
) -> str:
    """Renew the player's place. A paused player keeps its place but doesn't take one."""
    user = limited_viewer(request, episode, grant)
    if user is None:
        return ""
    player, at = _player(request, said), timezone.now()
    if playing:
        return services.streams.hold(user=user, player=player, episode=episode, at=at).value
    return services.streams.Place.HELD.value if services.streams.pause(user=user, player=player, at=at) else ""


def _player(request: HttpRequest, said: dict[str, Any]) -> services.streams.Player:
    return player_of(request, str(said.get("player", "")), str(said.get("page", "")))


@csrf_exempt  # like the heartbeat
@require_POST
def place(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """JSON {player, page} requests a place; `stop`: id of the account's stream to stop for it; `back`: resume after
    this player was stopped; `leave`: the player is closed.

    The response contains `place` (held, full, stopped, "" if none is needed), `limit` and the account's other
    `players`, `kind` and `reason` of the grant, `signedIn`, and the `gate` if the full title isn't granted.
    """
    episode, grant = enter(request, movie_id, set_id)
    if request.content_type != "application/json":
        return JsonResponse({"res": 1, "errmsg": "the body must be application/json"}, status=415)
    try:
        said = read_object(request.body, largest=LARGEST)
    except ValueError:
        return JsonResponse({"res": 1, "errmsg": "the body must be a JSON object"}, status=400)
    stop = row_id(str(said["stop"])) if "stop" in said else None
    if "stop" in said and stop is None:
        return JsonResponse({"res": 1, "errmsg": "stop must be the id of a player"}, status=400)
    answer = {"res": 0, "errmsg": "", "kind": grant.kind, "reason": grant.reason, "place": "", "players": []}
    answer["signedIn"] = request.user.is_authenticated
    if grant.kind is not services.GrantKind.FULL:
        answer["gate"] = presenters.gate_of(episode, grant)
    user = limited_viewer(request, episode, grant)
    if user is None:
        return _private(answer)
    player, at = _player(request, said), timezone.now()
    if said.get("leave"):
        services.streams.leave(user=user, player=player)
        return _private(answer)
    stands = services.streams.take(
        user=user, player=player, episode=episode, at=at, instead_of=stop, back=bool(said.get("back"))
    )
    answer["place"] = stands.value
    if stands is not services.streams.Place.HELD:
        answer["limit"] = services.streams.allowed(user=user, movie=episode.movie, at=at)
        answer["players"] = presenters.player_rows(services.streams.others(user=user, player=player, at=at))
    return _private(answer)


def _private(said: dict[str, Any]) -> JsonResponse:
    return JsonResponse(said, headers={"Cache-Control": "private, no-store"})
