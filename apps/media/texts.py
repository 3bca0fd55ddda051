"""A source's text tracks as WebVTT."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from apps.media import webvtt
from apps.media.passes import Watch, time_for
from utils import ffmpeg

TEXT_SUBTITLES = {"ass", "ssa", "subrip", "srt", "mov_text", "webvtt", "text"}
CAPTIONS = "eia_608"
NOT_UTF8 = "Invalid UTF-8"  # of a text, says ffmpeg, and leaves it out


def convert(source: Path, probed: dict[str, Any], *, folder: Path, watch: Watch) -> list[tuple[dict[str, Any], Path]]:
    """The source's text subtitles as WebVTT; one that can't be converted is left out."""
    tracks = [track for track in probed["subtitles"] if track["codec"] in TEXT_SUBTITLES]
    captions = [track for track in probed["subtitles"] if track["codec"] == CAPTIONS]
    if tracks:
        _convert(source, tracks, folder=folder, watch=watch)
    for track in captions:
        _read(source, track, probed, folder=folder, watch=watch)
    found = [(track, _vtt(track, folder)) for track in [*tracks, *captions]]
    return [(track, path) for track, path in found if path.exists() and _made_plain(path)]


def _read(source: Path, track: dict[str, Any], probed: dict[str, Any], *, folder: Path, watch: Watch) -> None:
    """The captions that the pictures carry: all of them have to be decoded."""
    with contextlib.suppress(ffmpeg.FFmpegError):
        ffmpeg.run(
            [ffmpeg.Input(source, captions=probed["video"]["index"])],
            ["-map", "0:s", "-c:s", "webvtt", "-f", "webvtt", _vtt(track, folder).name],
            cwd=folder,
            timeout=time_for(probed["duration"]),
            on_tick=watch.tick,
        )


def _convert(source: Path, tracks: list[dict[str, Any]], *, folder: Path, watch: Watch) -> None:
    try:
        one_by_one = NOT_UTF8 in _texts(source, tracks, folder=folder, watch=watch)
    except ffmpeg.FFmpegError:  # one of them is to blame
        one_by_one = True
    if one_by_one:
        for track in tracks:
            with contextlib.suppress(ffmpeg.FFmpegError):
                _text(source, track, folder=folder, watch=watch)


def _made_plain(path: Path) -> bool:
    """Make the cues of a WebVTT file harmless; whether there are any."""
    text = webvtt.plain(path.read_text("utf-8", "replace"))
    path.write_text(text, "utf-8")
    return "-->" in text


def _vtt(track: dict[str, Any], folder: Path) -> Path:
    return folder / f"s{track['index']}.vtt"


def _text(source: Path, track: dict[str, Any], *, folder: Path, watch: Watch) -> None:
    """One track, by itself: what isn't UTF-8 is what Chinese programs write (GB 18030, as old as GBK and wider)."""
    said = _texts(source, [track], folder=folder, watch=watch)
    if NOT_UTF8 in said and _vtt(track, folder).read_text("utf-8", "replace").isascii():
        _texts(source, [track], folder=folder, watch=watch, encoding="GB18030")


def _texts(source: Path, tracks: list[dict[str, Any]], *, folder: Path, watch: Watch, encoding: str = "") -> str:
    """`s<index>.vtt` of each track; what ffmpeg complained about."""
    outputs = []
    for track in tracks:
        outputs += ["-map", f"0:{track['index']}", "-c:s", "webvtt", "-f", "webvtt", _vtt(track, folder).name]
    options = ["-sub_charenc", encoding] if encoding else []
    return ffmpeg.run([ffmpeg.Input(source, options)], outputs, cwd=folder, timeout=time_for(0), on_tick=watch.tick)
