"""A source's text tracks as WebVTT."""

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
SECOND_FIELD, OF_SECOND = 0b101, {0x15, 0x1D}  # a triple that counts; commands for CC3 and CC4
NOT_UTF8 = "Invalid UTF-8"  # of a text, says ffmpeg, and leaves it out


def convert(path: Path, source: Source, *, folder: Path, on_tick: Tick) -> list[tuple[TextTrack, Path]]:
    """The source's texts as WebVTT; one that can't be converted, or says nothing, is left out."""
    tracks = [track for track in source.texts if track.codec in TEXT_SUBTITLES]
    if tracks:
        _convert(path, tracks, folder=folder, on_tick=on_tick)
    for track in source.texts:
        if track.codec == TELETEXT:
            _dial(path, track, source.duration, folder=folder, on_tick=on_tick)
            tracks.append(track)
        elif track.codec == CAPTIONS:
            tracks += _read(path, track, source.duration, folder=folder, on_tick=on_tick)
    found = [(track, _vtt(track, folder)) for track in tracks]
    return [(track, made) for track, made in found if made.exists() and _made_plain(made)]


def _dial(path: Path, track: TextTrack, duration: float, *, folder: Path, on_tick: Tick) -> None:
    """A page of teletext: each text is shown until the page is sent again, with another or with none."""
    options = ["-fix_sub_duration", "-txt_format", "text", "-txt_page", track.page]
    with contextlib.suppress(ffmpeg.FFmpegError):
        passes.run(
            [ffmpeg.Input(path, options)],
            _written(str(track.index), _vtt(track, folder)),
            folder=folder,
            seconds=duration,
            on_tick=on_tick,
        )


def _read(path: Path, track: TextTrack, duration: float, *, folder: Path, on_tick: Tick) -> list[TextTrack]:
    """The captions that the pictures carry, all of which have to be decoded: of the first field, and of the second.

    Nothing says in which language those of the second are (CTA-608-E: CC3, mostly another one).
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
        run("first", [*_written("s", _vtt(track, folder)), *copy])
        if raw.exists() and _speaks_twice(raw):
            run("second", _written("s", _vtt(second, folder)))
    raw.unlink(missing_ok=True)
    return [track, second]


def _speaks_twice(raw: Path) -> bool:
    """Whether captions, as ATSC A/53's triples, hold commands of the second field (CTA-608-E §8.4)."""
    data = raw.read_bytes()
    pairs = ((data[at] & 7, data[at + 1] & 127) for at in range(0, len(data) - 2, 3))
    return any(kind == SECOND_FIELD and first in OF_SECOND for kind, first in pairs)


def _convert(path: Path, tracks: list[TextTrack], *, folder: Path, on_tick: Tick) -> None:
    try:
        one_by_one = NOT_UTF8 in _texts(path, tracks, folder=folder, on_tick=on_tick)
    except ffmpeg.FFmpegError:  # one of them is to blame
        one_by_one = True
    if one_by_one:
        for track in tracks:
            with contextlib.suppress(ffmpeg.FFmpegError):
                _text(path, track, folder=folder, on_tick=on_tick)


def _made_plain(path: Path) -> bool:
    """Make the cues of a WebVTT file harmless; whether there are any."""
    text = webvtt.plain(path.read_text("utf-8", "replace"))
    path.write_text(text, "utf-8")
    return "-->" in text


def _vtt(track: TextTrack, folder: Path) -> Path:
    return folder / f"s{track.index}-{track.page}.vtt"


def _written(stream: str, path: Path) -> list[str]:
    return ["-map", f"0:{stream}", "-c:s", "webvtt", "-f", "webvtt", path.name]


def _text(path: Path, track: TextTrack, *, folder: Path, on_tick: Tick) -> None:
    """One track, by itself: what isn't UTF-8 is what Chinese programs write (GB 18030, as old as GBK and wider)."""
    said = _texts(path, [track], folder=folder, on_tick=on_tick)
    if NOT_UTF8 in said and _vtt(track, folder).read_text("utf-8", "replace").isascii():
        _texts(path, [track], folder=folder, on_tick=on_tick, encoding="GB18030")


def _texts(path: Path, tracks: list[TextTrack], *, folder: Path, on_tick: Tick, encoding: str = "") -> str:
    """The WebVTT file of each track; what ffmpeg complained about."""
    outputs = []
    for track in tracks:
        outputs += _written(str(track.index), _vtt(track, folder))
    options = ["-sub_charenc", encoding] if encoding else []
    return passes.run([ffmpeg.Input(path, options)], outputs, folder=folder, seconds=0, on_tick=on_tick)
