"""A source's text tracks as WebVTT."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from apps.media.services.encoding.passes import Watch, time_for
from utils.mediakit import ffmpeg, webvtt
from utils.mediakit.source import Source, TextTrack
from utils.mediakit.text_tracks import CAPTIONS, TELETEXT

TEXT_SUBTITLES = {"ass", "ssa", "subrip", "srt", "mov_text", "webvtt", "text", "cc_dec"}
CONVERTED = TEXT_SUBTITLES | {CAPTIONS, TELETEXT}
SECOND_FIELD, OF_SECOND = 0b101, {0x15, 0x1D}  # a triple that counts; commands for CC3 and CC4
NOT_UTF8 = "Invalid UTF-8"  # of a text, says ffmpeg, and leaves it out


def convert(path: Path, source: Source, *, folder: Path, watch: Watch) -> list[tuple[TextTrack, Path]]:
    """The source's texts as WebVTT; one that can't be converted, or says nothing, is left out."""
    tracks = [track for track in source.texts if track.codec in TEXT_SUBTITLES]
    if tracks:
        _convert(path, tracks, folder=folder, watch=watch)
    for track in source.texts:
        if track.codec == TELETEXT:
            _dial(path, track, source.duration, folder=folder, watch=watch)
            tracks.append(track)
        elif track.codec == CAPTIONS:
            tracks += _read(path, track, source.duration, folder=folder, watch=watch)
    found = [(track, _vtt(track, folder)) for track in tracks]
    return [(track, made) for track, made in found if made.exists() and _made_plain(made)]


def _dial(path: Path, track: TextTrack, duration: float, *, folder: Path, watch: Watch) -> None:
    """A page of teletext: each text is shown until the page is sent again, with another or with none."""
    options = ["-fix_sub_duration", "-txt_format", "text", "-txt_page", track.page]
    with contextlib.suppress(ffmpeg.FFmpegError):
        ffmpeg.run(
            [ffmpeg.Input(path, options)],
            _written(str(track.index), _vtt(track, folder)),
            cwd=folder,
            timeout=time_for(duration),
            on_tick=watch.tick,
        )


def _read(path: Path, track: TextTrack, duration: float, *, folder: Path, watch: Watch) -> list[TextTrack]:
    """The captions that the pictures carry, all of which have to be decoded: of the first field, and of the second.

    Nothing says in which language those of the second are (CTA-608-E: CC3, mostly another one).
    """
    raw, second = folder / "captions.raw", replace(track, page="CC3", language="")
    copy = ["-map", "0:s", "-c:s", "copy", "-f", "data", raw.name]

    def run(field: str, outputs: list[str]) -> None:
        ffmpeg.run(
            [ffmpeg.Input(path, ["-data_field", field], captions=track.index)],
            outputs,
            cwd=folder,
            timeout=time_for(duration),
            on_tick=watch.tick,
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


def _convert(path: Path, tracks: list[TextTrack], *, folder: Path, watch: Watch) -> None:
    try:
        one_by_one = NOT_UTF8 in _texts(path, tracks, folder=folder, watch=watch)
    except ffmpeg.FFmpegError:  # one of them is to blame
        one_by_one = True
    if one_by_one:
        for track in tracks:
            with contextlib.suppress(ffmpeg.FFmpegError):
                _text(path, track, folder=folder, watch=watch)


def _made_plain(path: Path) -> bool:
    """Make the cues of a WebVTT file harmless; whether there are any."""
    text = webvtt.plain(path.read_text("utf-8", "replace"))
    path.write_text(text, "utf-8")
    return "-->" in text


def _vtt(track: TextTrack, folder: Path) -> Path:
    return folder / f"s{track.index}-{track.page}.vtt"


def _written(stream: str, path: Path) -> list[str]:
    return ["-map", f"0:{stream}", "-c:s", "webvtt", "-f", "webvtt", path.name]


def _text(path: Path, track: TextTrack, *, folder: Path, watch: Watch) -> None:
    """One track, by itself: what isn't UTF-8 is what Chinese programs write (GB 18030, as old as GBK and wider)."""
    said = _texts(path, [track], folder=folder, watch=watch)
    if NOT_UTF8 in said and _vtt(track, folder).read_text("utf-8", "replace").isascii():
        _texts(path, [track], folder=folder, watch=watch, encoding="GB18030")


def _texts(path: Path, tracks: list[TextTrack], *, folder: Path, watch: Watch, encoding: str = "") -> str:
    """The WebVTT file of each track; what ffmpeg complained about."""
    outputs = []
    for track in tracks:
        outputs += _written(str(track.index), _vtt(track, folder))
    options = ["-sub_charenc", encoding] if encoding else []
    return ffmpeg.run([ffmpeg.Input(path, options)], outputs, cwd=folder, timeout=time_for(0), on_tick=watch.tick)
