"""Authorisation shared by the views of an episode."""

from __future__ import annotations

import hashlib
import re

from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from apps.movies.models import Audience, Episode
from apps.playback import services
from apps.playback.models import Stream
from apps.users import services as users
from apps.users.models import User

NAME = re.compile(r"[A-Za-z0-9-]{1,40}")  # names of players and page loads
AGENT_LENGTH = Stream._meta.get_field("user_agent").max_length or 0


def enter(request: HttpRequest, movie_id: int, set_id: int) -> tuple[Episode, services.Grant]:
    """The episode and the viewer's grant. Raises Http404 for titles that aren't visible."""
    episode = get_object_or_404(
        Episode.objects.select_related("movie", "video").defer(
            "movie__summary", "movie__content", "video__failure_detail"
        ),
        movie__pk=movie_id,  # not movie_id, which isn't checked against the column's range
        number=set_id,
    )
    audience = Audience.of(request)
    if not episode.movie.is_visible(audience):
        raise Http404
    return episode, services.authorize(audience=audience, episode=episode)


def admit(request: HttpRequest, movie_id: int, set_id: int, *, name: str = "") -> tuple[Episode, services.Grant]:
    """Like `enter`, for views that hand out media URLs: refuses a player that needs a place and has none.

    The query parameter `player` names the player (default: `name`), and `page` the page load.
    """
    episode, grant = enter(request, movie_id, set_id)
    user = limited_viewer(request, episode, grant)
    if user is None:
        return episode, grant
    player = player_of(request, request.GET.get("player") or name, request.GET.get("page", ""))
    place = services.streams.hold(user=user, player=player, episode=episode, at=timezone.now())
    return episode, grant if place is services.streams.Place.HELD else services.Grant(
        None, services.Reason(place.value)
    )


def limited_viewer(request: HttpRequest, episode: Episode, grant: services.Grant) -> User | None:
    """The account if its players need places for the episode, else None."""
    user, audience = users.account_of(request), Audience.of(request)
    needed = services.streams.needs_place(audience=audience, movie=episode.movie, grant=grant)
    return user if needed else None


def player_of(request: HttpRequest, name: str, page: str) -> services.streams.Player:
    """The player called `name` in this browser; without a valid name the whole browser is one player.

    The browser is part of the key, so that two browsers can't share a place.
    """
    name, page = (text if NAME.fullmatch(text) else "" for text in (name, page))
    # the device survives a change of session key
    browser = request.session.get(users.devices.DEVICE) or request.session.session_key
    key = hashlib.sha256(f"{browser}:{name or services.streams.NAMELESS}".encode()).hexdigest()
    return services.streams.Player(key, page, request.META.get("HTTP_USER_AGENT", "")[:AGENT_LENGTH])


def refusal(grant: services.Grant) -> JsonResponse:
    """A 403 response with the reason, or 404 if the title isn't ready."""
    answer = JsonResponse(
        {"kind": grant.kind, "reason": grant.reason}, status=404 if grant.reason is services.Reason.NOT_READY else 403
    )
    answer["Cache-Control"] = "private, no-store"
    return answer
