"""Converts the text tracks of a source to WebVTT."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from apps.media.services.encoding import passes
from apps.media.services.encoding.passes import Tick
from utils.mediakit import ffmpeg, webvtt
from utils.mediakit.source import Source, TextTrack
from utils.mediakit.text_tracks import CAPTIONS, TELETEXT

TEXT_SUBTITLES = {"ass", "ssa", "subrip", "srt", "mov_text", "webvtt", "text", "cc_dec"}
CONVERTED = TEXT_SUBTITLES | {CAPTIONS, TELETEXT}
SECOND_FIELD, OF_SECOND = 0b101, {0x15, 0x1D}  # first byte of a valid triplet of field 2; commands of CC3 and CC4
NOT_UTF8 = "Invalid UTF-8"  # ffmpeg's message on a text that it drops


def convert(path: Path, source: Source, *, folder: Path, on_tick: Tick) -> list[tuple[TextTrack, Path]]:
    """The text tracks with their WebVTT files in `folder`; without those that are empty or can't be converted."""
    tracks = [track for track in source.texts if track.codec in TEXT_SUBTITLES]
    if tracks:
        _convert(path, tracks, folder=folder, on_tick=on_tick)
    for track in source.texts:
        if track.codec == TELETEXT:
            _convert_page(path, track, source.duration, folder=folder, on_tick=on_tick)
            tracks.append(track)
        elif track.codec == CAPTIONS:
            tracks += _convert_captions(path, track, source.duration, folder=folder, on_tick=on_tick)
    found = [(track, _vtt(track, folder)) for track in tracks]
    return [(track, made) for track, made in found if made.exists() and _sanitize(made)]


def _convert_page(path: Path, track: TextTrack, duration: float, *, folder: Path, on_tick: Tick) -> None:
    """Convert a teletext page, each version of which is shown until the page is sent again."""
    options = ["-fix_sub_duration", "-txt_format", "text", "-txt_page", track.page]
    with contextlib.suppress(ffmpeg.FFmpegError):
        passes.run(
            [ffmpeg.Input(path, options)],
            _output(str(track.index), _vtt(track, folder)),
            folder=folder,
            seconds=duration,
            on_tick=on_tick,
        )


def _convert_captions(path: Path, track: TextTrack, duration: float, *, folder: Path, on_tick: Tick) -> list[TextTrack]:
    """Convert the closed captions of both fields, for which all of the video has to be decoded.

    Those of the second field (CC3 in CTA-608-E) mostly are in another language, but no field says in which.
    """
    raw, second = folder / "captions.raw", replace(track, page="CC3", language="")
    copy = ["-map", "0:s", "-c:s", "copy", "-f", "data", raw.name]

    def run(field: str, outputs: list[str]) -> None:
        passes.run(
            [ffmpeg.Input(path, ["-data_field", field], captions=track.index)],
            outputs,
            folder=folder,
            seconds=duration,
            on_tick=on_tick,
        )

    with contextlib.suppress(ffmpeg.FFmpegError):
        run("first", [*_output("s", _vtt(track, folder)), *copy])
        if raw.exists() and _has_second_field(raw):
            run("second", _output("s", _vtt(second, folder)))
    raw.unlink(missing_ok=True)
    return [track, second]


def _has_second_field(raw: Path) -> bool:
    """Whether captions, in triplets of ATSC A/53, hold commands of the second field (CTA-608-E §8.4)."""
    data = raw.read_bytes()
    pairs = ((data[at] & 7, data[at + 1] & 127) for at in range(0, len(data) - 2, 3))
    return any(kind == SECOND_FIELD and first in OF_SECOND for kind, first in pairs)


def _convert(path: Path, tracks: list[TextTrack], *, folder: Path, on_tick: Tick) -> None:
    try:
        one_by_one = NOT_UTF8 in _run(path, tracks, folder=folder, on_tick=on_tick)
    except ffmpeg.FFmpegError:  # one of them is to blame
        one_by_one = True
    if one_by_one:
        for track in tracks:
            with contextlib.suppress(ffmpeg.FFmpegError):
                _convert_alone(path, track, folder=folder, on_tick=on_tick)


def _sanitize(path: Path) -> bool:
    """Make the cues of a WebVTT file harmless. Returns whether there are any."""
    text = webvtt.plain(path.read_text("utf-8", "replace"))
    path.write_text(text, "utf-8")
    return "-->" in text


def _vtt(track: TextTrack, folder: Path) -> Path:
    return folder / f"s{track.index}-{track.page}.vtt"


def _output(stream: str, path: Path) -> list[str]:
    return ["-map", f"0:{stream}", "-c:s", "webvtt", "-f", "webvtt", path.name]


def _convert_alone(path: Path, track: TextTrack, *, folder: Path, on_tick: Tick) -> None:
    """Convert one track. Text that isn't UTF-8 is taken for GB 18030 (a superset of GBK), common in Chinese files."""
    said = _run(path, [track], folder=folder, on_tick=on_tick)
    if NOT_UTF8 in said and _vtt(track, folder).read_text("utf-8", "replace").isascii():
        _run(path, [track], folder=folder, on_tick=on_tick, encoding="GB18030")


def _run(path: Path, tracks: list[TextTrack], *, folder: Path, on_tick: Tick, encoding: str = "") -> str:
    """Write the WebVTT file of each track. Returns ffmpeg's error messages."""
    outputs = []
    for track in tracks:
        outputs += _output(str(track.index), _vtt(track, folder))
    options = ["-sub_charenc", encoding] if encoding else []
    return passes.run([ffmpeg.Input(path, options)], outputs, folder=folder, seconds=0, on_tick=on_tick)
