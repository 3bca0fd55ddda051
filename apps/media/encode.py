"""ffmpeg commands: from a source to rungs and sound, from a rung to storyboard and still."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageStat

from apps.media import filters, ladder, webvtt
from utils import ffmpeg
from utils.containers import REWIND

CRF = "22"
PRESET = "veryfast"
STEREO_RATE, SURROUND_RATE = 128_000, 384_000  # bits per second
TILE_WIDTH, TILE_HEIGHT = 160, 320  # pixels at most
COLUMNS, ROWS = 10, 10
TILES = 300  # at most, of one title
TEXT_SUBTITLES = {"ass", "ssa", "subrip", "srt", "mov_text", "webvtt", "text"}
CAPTIONS = "eia_608"
NOT_UTF8 = "Invalid UTF-8"  # of a text, says ffmpeg, and leaves it out
TIMEOUT_BASE, TIMEOUT_FACTOR = 600.0, 40.0  # seconds, and seconds per second of source
FRAGMENTS = "+cmaf+delay_moov+skip_trailer"
PLAIN = ("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn")


@dataclass(frozen=True)
class Watch:
    """The listener of an encode: `progress` takes the share done, 0 to 1; `tick` is called about once a second."""

    progress: Callable[[float], None]
    tick: Callable[[], None]


@dataclass(frozen=True)
class Sound:
    """An audio track to make: the probed stream, channels, and whether the source's own packets do."""

    name: str
    stream: dict[str, Any]
    channels: int
    copied: bool = False


@dataclass(frozen=True)
class Tiles:
    """How the storyboard's sheets are cut: seconds between tiles, pixels of one, how many in all."""

    interval: float
    width: int
    height: int
    count: int


def sounds(probed: dict[str, Any]) -> list[Sound]:
    """The audio tracks of a title: stereo of each of the source's, then what surround there is."""
    table = []
    for number, stream in enumerate(probed["audio"]):
        copied = (
            (stream["codec"], stream["profile"]) == ("aac", "LC")
            and stream["channels"] <= 2
            and stream["sample_rate"] in (44100, 48000)
            and stream["bit_rate"] <= 2 * STEREO_RATE
            and stream["gapless"]
            and abs(stream["start"]) < 0.05
            and probed["container"] in ladder.SEEKABLE
        )
        table.append(Sound(f"a{number}", stream, stream["channels"] if copied else 2, copied))
    surround = [Sound(f"{s.name}-surround", s.stream, 6) for s in table if s.stream["channels"] >= 6]
    return table + surround


def make(
    source: Path,
    probed: dict[str, Any],
    plan: ladder.Plan,
    *,
    folder: Path,
    watch: Watch,
    rungs: list[ladder.Rung],
    sound: bool = False,
    part: ladder.Part | None = None,
) -> str:
    """Make `<rung>.mp4` of each of `rungs`, and with `sound` the `<name>.mp4` of all audio, in one pass.

    Returns what ffmpeg complained about while it decoded. Raises ffmpeg.FFmpegError, even for what could be
    decoded somehow if the source is to be a rung as it is.
    """
    options: list[str] = []
    duration = probed["duration"]
    if part and part.frames:
        duration = plan.seconds(part.frames)
    if part and (part.first or part.frames):
        # The picture's start is a keyframe of the source: seek there and leave what comes before to the filter.
        options = ["-noaccurate_seek", "-ss", f"{math.ceil(plan.seconds(part.first) * 1e6) / 1e6:.6f}"]
    if probed.get("rewound"):  # or ffmpeg counts it twice, for what was left of a track and for the rest of it
        options += ["-dts_delta_threshold", str(REWIND)]
    if probed["video"]["shapes"] and not probed["video"]["rotation"]:
        options += ["-reinit_filter:v", "0"]  # what our filters began goes on when the size changes
    encoded = [rung for rung in rungs if rung != plan.copied]
    outputs = _encoded(probed, plan, encoded, part or plan.parts[0]) if encoded else []
    if plan.copied in rungs:
        outputs += ["-map", f"0:{probed['video']['index']}", "-c:v", "copy", *_file(plan.copied.name, "+frag_keyframe")]
    for track in sounds(probed) if sound else []:
        outputs += _sound(track)
    peak = max((rung.peak for rung in rungs), default=0)
    said = ffmpeg.run(
        [ffmpeg.Input(source, options)],
        outputs,
        cwd=folder,
        timeout=TIMEOUT_BASE + TIMEOUT_FACTOR * duration,
        largest=2 * source.stat().st_size + int(duration * (peak + SURROUND_RATE)) + 64 * 1024**2,
        strict=bool(encoded and plan.copied),
        on_progress=lambda seconds: watch.progress(min(1.0, seconds / max(0.1, duration))),
        on_tick=watch.tick,
    )
    return said if encoded else ""


def _encoded(probed: dict[str, Any], plan: ladder.Plan, rungs: list[ladder.Rung], part: ladder.Part) -> list[str]:
    """The filter graph and outputs of encoded rungs, best first; each is scaled from the one above."""
    graph = f"[0:{probed['video']['index']}]{','.join(filters.base(probed, plan, rungs[0], part))}"
    for number, rung in enumerate(rungs):
        if number:
            graph += f",scale={rung.width}:{rung.height}:flags=bicubic"
        more = number + 1 < len(rungs)
        graph += f",setsar=1,split[v{number}][r{number}];[r{number}]null" if more else f",setsar=1[v{number}]"
    outputs = ["-filter_complex", graph]
    moments = ",".join(f"{math.floor(plan.seconds(cut) * 1e6) / 1e6:.6f}" for cut in plan.cuts_in(part))
    for number, rung in enumerate(rungs):
        outputs += [
            *("-map", f"[v{number}]", "-c:v", "libx264", "-preset", PRESET, "-crf", CRF),
            *("-maxrate", str(rung.peak), "-bufsize", str(2 * rung.peak), "-threads", str(ffmpeg.threads())),
            *("-force_key_frames", moments or "0", "-forced-idr", "1"),
            *("-g", "100000", "-sc_threshold", "0", "-x264-params", "open_gop=0"),
            *_file(rung.name, "+frag_keyframe"),
        ]
    return outputs


def _sound(track: Sound) -> list[str]:
    found = ["-map", f"0:{track.stream['index']}"]
    if track.copied:
        found += ["-c:a", "copy"]
    else:
        rate = STEREO_RATE if track.channels == 2 else SURROUND_RATE
        rate = min(rate, max(64_000, int(1.5 * track.stream["bit_rate"])))  # more than there was can't be gained
        # One graph: two in a row wait for each other for ever where a track begins late (FFmpeg 9.0).
        found += ["-af", "aresample=48000:async=1:first_pts=0", "-ac", str(track.channels), "-c:a", "aac"]
        found += ["-b:a", str(rate)]
    return [*found, "-frag_duration", str(ladder.SEGMENT * 1_000_000), *_file(track.name)]


def _file(name: str, flags: str = "") -> list[str]:
    # written out as it is made: it may be watched meanwhile
    return [*PLAIN, "-flush_packets", "1", "-f", "mp4", "-movflags", FRAGMENTS + flags, f"{name}.mp4"]


def subtitles(source: Path, probed: dict[str, Any], *, folder: Path, watch: Watch) -> list[tuple[dict[str, Any], Path]]:
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
            timeout=TIMEOUT_BASE + TIMEOUT_FACTOR * probed["duration"],
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
    return ffmpeg.run([ffmpeg.Input(source, options)], outputs, cwd=folder, timeout=TIMEOUT_BASE, on_tick=watch.tick)


def tiles_of(probed: dict[str, Any]) -> Tiles:
    """The storyboard that a probed source gets: TILES pictures at most, none of them larger than a tile."""
    width, height = ladder.shown_size(probed["video"])
    duration = max(0.1, probed["duration"])
    interval = max(1.0, duration / TILES)
    scale = min(TILE_WIDTH / width, TILE_HEIGHT / height)
    tile_width, tile_height = (max(2, 2 * round(scale * side / 2)) for side in (width, height))
    return Tiles(interval, tile_width, tile_height, max(1, math.ceil(duration / interval)))


def storyboard(rung: Path, tiles: Tiles, *, folder: Path, watch: Watch, strict: bool) -> tuple[list[Path], str]:
    """The sheets `tiles<n>.jpg`, in order, from a rung of ours, and what ffmpeg complained about.

    If `strict`, raises ffmpeg.FFmpegError for what could be decoded somehow.
    """
    sparse = ["-skip_frame", "nokey"] if tiles.interval >= ladder.LONGEST_SEGMENT else []
    graph = (
        f"fps=1/{tiles.interval:.5f}:start_time=0:round=up,scale={tiles.width}:{tiles.height}:flags=area,setsar=1,"
        f"format=yuvj420p,tile={COLUMNS}x{ROWS}"
    )
    said = ffmpeg.run(
        [ffmpeg.Input(rung, sparse)],
        ["-vf", graph, "-q:v", "5", "-strict", "unofficial", "-f", "image2", "tiles%d.jpg"],
        cwd=folder,
        timeout=TIMEOUT_BASE + TIMEOUT_FACTOR * tiles.interval * tiles.count,
        strict=strict,
        on_tick=watch.tick,
    )
    return sorted(folder.glob("tiles*.jpg"), key=lambda path: int(path.stem.removeprefix("tiles"))), said


def best_moment(sheets: list[Path], tiles: Tiles, duration: float) -> float:
    """The second that shows the title best: of its tiles the one with most light and detail, not at the very ends."""
    best, best_score = 0.0, -1.0
    for number in range(tiles.count):
        sheet, place = divmod(number, COLUMNS * ROWS)
        if sheet >= len(sheets) or (tiles.count > 10 and not 0.05 < number / tiles.count < 0.9):
            continue
        row, column = divmod(place, COLUMNS)
        box = (column * tiles.width, row * tiles.height, (column + 1) * tiles.width, (row + 1) * tiles.height)
        with Image.open(sheets[sheet]) as opened:
            grey = ImageStat.Stat(opened.crop(box).convert("L"))
        score = grey.stddev[0] + min(grey.mean[0], 255 - grey.mean[0]) / 4
        if score > best_score:
            best, best_score = number * tiles.interval, score
    return min(best, 0.9 * duration)


def still(rung: Path, moment: float, *, folder: Path, watch: Watch) -> Path | None:
    """`still.jpg`, a rung of ours at `moment` seconds or, if it shows nothing then, at its start."""
    target = folder / "still.jpg"
    for second in (moment, 0.0):
        ffmpeg.run(
            [ffmpeg.Input(rung, ["-ss", f"{second:.3f}"])],
            ["-frames:v", "1", "-q:v", "2", "-strict", "unofficial", "-f", "image2", "-update", "1", target.name],
            cwd=folder,
            timeout=TIMEOUT_BASE,
            on_tick=watch.tick,
        )
        if target.exists():
            return target
    return None
