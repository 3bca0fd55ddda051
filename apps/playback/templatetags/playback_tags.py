"""Template tags that show the player and unfinished titles on other apps' pages."""

from __future__ import annotations

from typing import Any

from django import template

from apps.media.models import Rendition, Video
from apps.movies.models import Audience, Chapter, Episode
from apps.playback import services
from apps.playback.models import Progress
from apps.playback.presenters import gate, player_config

register = template.Library()
SHOWN = 12
LOOKED_AT = 60  # rows; a series is shown once however many of its episodes were started


@register.inclusion_tag("parts/continue_watching.html", takes_context=True)
def continue_watching(context: dict[str, Any]) -> dict[str, Any]:
    """The row of unfinished titles, one card per title."""
    audience = Audience.of(context["request"])
    rows: dict[int, Progress] = {}
    if audience.viewer.is_authenticated:
        for row in Progress.objects.for_history(audience).filter(finished=False)[:LOOKED_AT]:
            if row.can_resume and len(rows) < SHOWN:
                rows.setdefault(row.episode.movie_id, row)
    return {"rows": list(rows.values())}


@register.simple_tag(takes_context=True)
def begun_titles(context: dict[str, Any], movies: list[int]) -> set[int]:
    """Those of the titles, given by id, of which the viewer has watched something."""
    viewer = context["request"].user
    if not viewer.is_authenticated or not movies:
        return set()
    rows = Progress.objects.filter(user=viewer, episode__movie__in=movies).order_by()
    return set(rows.values_list("episode__movie_id", flat=True))


@register.inclusion_tag("admin/media/video/player.html")
def staff_player(video: Video) -> dict[str, Any]:
    """The site's player with the full video, for staff, and the episodes that use it.

    It plays through an episode's URLs, so the video must be used by a title that isn't deleted. Views by staff aren't
    counted or recorded.
    """
    episodes = list(Episode.objects.filter(video=video).select_related("movie").order_by("movie_id", "number"))
    episode = next((e for e in episodes if e.movie.deleted_at is None), None)
    context: dict[str, Any] = {"video": video, "episodes": episodes, "used": episode is not None, "player": None}
    if episode and video.ready_at:
        episode.video = video
        grant = services.Grant(Rendition.Variant.FULL)
        config = player_config(
            movie=episode.movie,
            episode=episode,
            episodes=[],
            chapters=list(Chapter.objects.filter(episode=episode)),
            grant=grant,
            gate_words=gate(episode.movie, episode, grant, "", []),
            resume_at=0,
            signed_in=True,
        )
        context["player"] = {**config, "progressUrl": ""}
    return context
