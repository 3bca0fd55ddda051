"""Playlists and the storyboard, rendered for one viewer. Each of them asks again what that viewer may see."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from apps.media import services as media
from apps.media.models import Rendition, Storyboard, Subtitle
from apps.movies.models import Episode
from apps.playback import services
from apps.playback.addresses import expiry, is_short, signed
from apps.playback.views.entry import admit, enter, limited_viewer, refusal
from utils.mediakit import webvtt
from utils.storages import videos

PLAYLIST = "application/vnd.apple.mpegurl"
NOT_READY = services.Grant(None, services.Reason.NOT_READY)


def _private(text: str, kind: str) -> HttpResponse:
    """An answer for this viewer alone: what it holds depends on who asks, and expires."""
    return HttpResponse(text, content_type=kind, headers={"Cache-Control": "private, no-store"})


def _query(request: HttpRequest, who: dict[str, str]) -> str:
    """What the addresses of a player carry from one to the next."""
    native = {"native": "1"} if request.GET.get("native") else {}
    return f"?{urlencode(who | native)}" if who or native else ""


def _file(request: HttpRequest, episode: Episode, variant: Rendition.Variant, name: str, duration: float) -> str:
    """The address of a stored file: signed, or for a player that can't have it renewed one that leads to such."""
    if request.GET.get("native") and is_short(episode.movie, variant):
        who = {key: request.GET[key] for key in ("player", "page") if key in request.GET}
        return reverse("playback:title_file", args=[episode.movie_id, episode.number, name]) + _query(request, who)
    return signed(name, expiry(request, episode.movie, variant, duration))


@require_safe
def master(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """The master playlist of what this viewer may watch.

    One that is asked for without a player is a new player's. With `native`, the pieces of what isn't free have
    addresses that are good as long as the session and the player's place: for players that can't have them renewed.
    """
    name = request.GET.get("player") or secrets.token_hex(8)
    if request.method == "HEAD":  # whether there is one: no address is given, and no place taken
        episode, grant = enter(request, movie_id, set_id)
    else:
        episode, grant = admit(request, movie_id, set_id, name=name)
    if grant.variant is None or episode.video is None:
        return refusal(grant)
    rows = list(episode.video.renditions.filter(variant=grant.variant).defer("segments"))
    if not any(row.kind == Rendition.Kind.VIDEO for row in rows):
        return refusal(NOT_READY)  # the preview is being cut
    limited = limited_viewer(request, episode, grant) is not None
    who = _query(request, {"player": name, "page": request.GET.get("page", "")} if limited else {})
    text = media.hls.master(
        rows,
        episode.video.subtitles.all(),
        rendition_url=lambda row: reverse("playback:rendition", args=[movie_id, set_id, row.name]) + who,
        subtitle_url=lambda row: reverse("playback:subtitle", args=[movie_id, set_id, row.pk]) + who,
    )
    return _private(text, PLAYLIST)


@require_safe
def rendition(request: HttpRequest, movie_id: int, set_id: int, name: str) -> HttpResponse:
    """The playlist of one level or audio track, its file signed for this viewer."""
    episode, grant = admit(request, movie_id, set_id)
    if grant.variant is None or episode.video is None:
        return refusal(grant)
    row = get_object_or_404(Rendition, video=episode.video, variant=grant.variant, name=name)
    return _private(
        media.hls.media(row, file_url=_file(request, episode, grant.variant, row.file, row.duration)), PLAYLIST
    )


@require_safe
def subtitle(request: HttpRequest, movie_id: int, set_id: int, subtitle_id: int) -> HttpResponse:
    """The playlist of one subtitle: of a preview, its words and no more."""
    episode, grant = admit(request, movie_id, set_id)
    if grant.variant is None or episode.video is None:
        return refusal(grant)
    row = get_object_or_404(Subtitle, video=episode.video, pk=subtitle_id)
    if grant.variant == Rendition.Variant.PREVIEW:
        duration = episode.video.preview_duration
        file_url = reverse("playback:preview_text", args=[movie_id, set_id, row.pk])
    else:
        duration = episode.video.duration or 1.0
        file_url = _file(request, episode, grant.variant, row.file, duration)
    return _private(media.hls.text(file_url=file_url, duration=duration), PLAYLIST)


@require_safe
def preview_text(request: HttpRequest, movie_id: int, set_id: int, subtitle_id: int) -> HttpResponse:
    """The words of the preview and no more: a subtitle's file holds those of the whole title."""
    episode, grant = enter(request, movie_id, set_id)
    if grant.variant is None or episode.video is None:
        return refusal(grant)
    row = get_object_or_404(Subtitle, video=episode.video, pk=subtitle_id)
    with videos().open(row.file) as file:
        text = file.read().decode()
    return _private(webvtt.until(text, episode.video.preview_duration), "text/vtt")


@require_safe
def storyboard(request: HttpRequest, movie_id: int, set_id: int) -> HttpResponse:
    """Small pictures of the whole title, so only with it: WebVTT cues with media fragments (#xywh), if any."""
    episode, grant = admit(request, movie_id, set_id)
    if grant.variant != Rendition.Variant.FULL or episode.video is None:
        return refusal(grant)
    board = Storyboard.objects.filter(video=episode.video).first()
    if board is None:
        return _private("WEBVTT\n", "text/vtt")
    duration = episode.video.duration or 0.0
    expires_at = expiry(request, episode.movie, grant.variant, duration)
    sheets = [signed(name, expires_at) for name in board.files]
    lines = ["WEBVTT", ""]
    for number in range(board.count):
        start, end = number * board.interval, min((number + 1) * board.interval, duration)
        sheet, place = divmod(number, board.columns * board.rows)
        if start >= end or sheet >= len(sheets):
            break
        row, column = divmod(place, board.columns)
        box = f"{column * board.tile_width},{row * board.tile_height},{board.tile_width},{board.tile_height}"
        lines += [f"{_clock(start)} --> {_clock(end)}", f"{sheets[sheet]}#xywh={box}", ""]
    return _private("\n".join(lines), "text/vtt")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{rest:06.3f}"
