"""Data for the watch page and the player, built from what the view loaded."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.media.models import State
from apps.movies.models import Access, Chapter, Episode, Movie
from apps.orders.models import Plan
from apps.playback import services
from apps.playback.addresses import is_short
from apps.playback.models import Progress, Stream
from apps.playback.ui_strings import player_words
from apps.users import services as users
from utils.pictures import largest_url
from utils.templatetags.formats import local_name, span, yuan

PLANS_SHOWN = 3


def episode_rows(episodes: list[Episode], current: Episode, seen: dict[int, Progress]) -> list[dict[str, Any]]:
    """`sets`: the episodes as needed by the panel and the player."""
    return [
        {
            "number": e.number,
            "title": e.title,
            "url": e.get_absolute_url(),
            "current": e.pk == current.pk,
            "state": state_of(e),
            "duration": e.video.duration if e.video else None,
            "vip": e.movie.access == Access.VIP,
            "percent": seen[e.pk].percent if e.pk in seen else 0,
        }
        for e in episodes
    ]


class EpisodeState(StrEnum):
    """How an episode stands, as the page shows it; the player's script compares the same words."""

    MISSING = "missing"
    PROCESSING = "processing"
    FAILED = "failed"
    READY = "ready"


def state_of(episode: Episode) -> EpisodeState:
    """Whether the episode can be played, and if not, why."""
    if episode.video is None:
        return EpisodeState.MISSING
    if episode.video.ready_at:
        return EpisodeState.READY
    return EpisodeState.FAILED if episode.video.state == State.FAILED else EpisodeState.PROCESSING


def gate(movie: Movie, episode: Episode, grant: services.Grant, path: str, plans: list[Plan]) -> dict[str, Any]:
    """The paywall: a message, actions, and the plans that give access."""
    membership = {"label": _("Get VIP"), "url": reverse("orders:vip")}
    purchase = {"label": _("Buy this title"), "url": reverse("orders:title", args=[movie.pk])}
    vip = movie.access == Access.VIP
    strip_action = {"label": _("Get VIP to watch in full"), "url": membership["url"]} if vip else purchase
    seconds = round(episode.video.preview_duration) if episode.video and grant.kind is services.GrantKind.PREVIEW else 0
    message, actions = "", []
    if grant.reason in services.NOT_THEIRS:
        message = _("The full title is for VIP members.") if vip else _("This title is sold separately.")
        actions = [membership if vip else purchase]
    if grant.reason is services.Reason.SIGN_IN:
        actions.append({"label": _("Sign in"), "url": sign_in_url(path)})
    if grant.reason in {services.Reason.SIGN_IN, services.Reason.BUY} and not vip:
        message = _("Sold separately: %(price)s, or %(member_price)s for VIP members.") % {
            "price": yuan(movie.price),
            "member_price": yuan(movie.member_price),
        }
    return {
        "kind": grant.kind,
        "reason": grant.reason,
        "previewSeconds": seconds,
        "message": message,
        "strip": _("{time} preview").format(time=span(seconds)) if seconds else "",
        "stripAction": strip_action if actions else None,
        "actions": actions,
        "plans": [{"name": local_name(p), "price": yuan(p.price), "marked": p.marked} for p in plans],
        "plansUrl": membership["url"],
    }


def gate_of(episode: Episode, grant: services.Grant) -> dict[str, Any]:
    """Like `gate`, with plans loaded where they give access."""
    movie = episode.movie
    locked = movie.access == Access.VIP and grant.reason in {services.Reason.SIGN_IN, services.Reason.VIP}
    plans = list(Plan.objects.on_sale()[:PLANS_SHOWN]) if locked else []
    return gate(movie, episode, grant, episode.get_absolute_url(), plans)


def player_rows(rows: list[Stream]) -> list[dict[str, Any]]:
    """An account's active streams: device, title and start time."""
    return [
        {
            "id": stream.pk,
            "device": device_label(stream.user_agent),
            "title": stream.episode.movie.title,
            "since": since(stream.began_at),
        }
        for stream in rows
    ]


def device_label(user_agent: str) -> str:
    """A readable browser name, such as “Chrome on Windows”."""
    return users.devices.label(users.devices.describe(user_agent))


def since(moment: datetime) -> str:
    """The start time, in the site's time zone."""
    return _("since %(time)s") % {"time": date_format(timezone.localtime(moment), "H:i")}


def material_gate(movie: Movie, reason: services.Reason, path: str) -> dict[str, Any] | None:
    """Why a course's material is locked and how to get access; None if it isn't."""
    if reason not in services.NOT_THEIRS:
        return None
    if movie.access == Access.VIP:
        message = _("The materials of this course are for VIP members.")
        actions = [{"label": _("Get VIP"), "url": reverse("orders:vip")}]
    else:
        message = _("Buy this course to download its materials.")
        actions = [{"label": _("Buy this title"), "url": reverse("orders:title", args=[movie.pk])}]
    if reason is services.Reason.SIGN_IN:
        actions.append({"label": _("Sign in"), "url": sign_in_url(path)})
    return {"message": message, "actions": actions}


def sign_in_url(path: str) -> str:
    """The URL of the sign-in page, returning to `path`."""
    return redirect_to_login(path).url


def chapter_marks(episode: Episode, chapters: list[Chapter], grant: services.Grant) -> list[dict[str, Any]]:
    """The chapters set by curators, else those of the file; for a preview only those within it."""
    video = episode.video
    ours: list[dict[str, Any]] = [{"start": c.starts_at, "title": c.title} for c in chapters]
    marks = ours or (video.chapters if video else [])
    end = video.preview_duration if video and grant.kind is services.GrantKind.PREVIEW else float("inf")
    return [mark for mark in marks if mark["start"] < end]


def player_config(
    *,
    movie: Movie,
    episode: Episode,
    episodes: list[Episode],
    chapters: list[Chapter],
    grant: services.Grant,
    gate_words: dict[str, Any],
    resume_at: float,
    signed_in: bool,
    limited: bool = False,
) -> dict[str, Any]:
    """The player script's configuration, times in seconds; `limited`: the player needs a place."""
    where = [movie.pk, episode.number]
    # clients that read the page without running its script share one player name
    master = reverse("playback:master", args=where) + (f"?player={services.streams.NAMELESS}" if limited else "")
    following = next((e for e in episodes if e.number > episode.number and state_of(e) is EpisodeState.READY), None)
    video = episode.video
    board = video is not None and (hasattr(video, "storyboard") or video.state == State.PROCESSING)  # or soon
    return {
        "master": master if grant.variant else "",
        "readyUrl": master,
        "poster": largest_url(movie.backdrop_set),
        "title": movie.title,
        "episodeTitle": episode.title,
        "resumeAt": resume_at,
        "storyboard": reverse("playback:storyboard", args=where)
        if board and grant.kind is services.GrantKind.FULL
        else "",
        "chapters": chapter_marks(episode, chapters, grant),
        "intro": [episode.intro_start, episode.intro_end]
        if episode.intro_start is not None and episode.intro_end is not None
        else None,
        "outro": episode.outro_start,
        "progressUrl": reverse("playback:progress", args=where),
        "placeUrl": reverse("playback:place", args=where),
        "addresses": {
            "url": reverse("playback:addresses", args=where),
            "lifetime": settings.ADDRESS_TTL if grant.variant and is_short(movie, grant.variant) else 0,
        },
        "limited": limited,
        "next": {
            "url": following.get_absolute_url(),
            "title": following.title or _("Episode %d") % following.number,
        }
        if following
        else None,
        "gate": gate_words,
        "signedIn": signed_in,
        "signInUrl": sign_in_url(episode.get_absolute_url()),
        "state": state_of(episode),
        "words": player_words(),
    }
