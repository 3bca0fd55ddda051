"""One ffmpeg command from a source to everything a title needs: rungs, sound, storyboard."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageStat

from apps.media import ladder
from utils import ffmpeg

CRF = "22"
PRESET = "veryfast"
AUDIO_RATE = "128k"
TILE_WIDTH, COLUMNS, ROWS = 160, 10, 10
TEXT_SUBTITLES = {"ass", "ssa", "subrip", "srt", "mov_text", "webvtt", "text"}
TONE_MAP = "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
TIMEOUT_BASE, TIMEOUT_FACTOR = 600.0, 40.0  # seconds, and seconds per second of source


@dataclass(frozen=True)
class Tiles:
    """How the storyboard's sheets are cut: seconds between tiles, pixels of one, how many in all."""

    interval: float
    width: int
    height: int
    count: int


def tiles_of(probed: dict[str, Any]) -> Tiles:
    width, height = ladder.shown_size(probed["video"])
    duration = max(0.1, probed["duration"])
    interval = max(1.0, duration / 300)
    tile_height = max(2, 2 * round(TILE_WIDTH * height / width / 2))
    return Tiles(interval, TILE_WIDTH, tile_height, max(1, math.ceil(duration / interval)))


def outputs(probed: dict[str, Any], rungs: list[ladder.Rung], tiles: Tiles) -> list[str]:
    """The filter graph and outputs of the encode: `<rung>.m3u8/.mp4`, `a<n>.m3u8/.mp4`, `tiles<n>.jpg`."""
    video = probed["video"]
    rate = ladder.frame_rate(video)
    steps = []
    if video["interlaced"]:
        steps.append("bwdif=mode=send_frame")
    if video["hdr"]:
        steps.append(TONE_MAP)
    steps.append(f"fps={rate:.5f}")
    names = [f"v{n}" for n in range(len(rungs))]
    graph = [f"[0:{video['index']}]{','.join(steps)},split={len(rungs) + 1}{''.join(f'[i{n}]' for n in names)}[board]"]
    graph += [
        f"[i{name}]scale={rung.width}:{rung.height}:flags=bicubic,setsar=1,format=yuv420p[{name}]"
        for name, rung in zip(names, rungs, strict=True)
    ]
    graph.append(
        f"[board]fps=1/{tiles.interval:.5f}:round=up,scale={tiles.width}:{tiles.height}:flags=area,setsar=1,"
        f"format=yuvj420p,tile={COLUMNS}x{ROWS}[sheets]"
    )
    found = ["-filter_complex", ";".join(graph)]
    for name, rung in zip(names, rungs, strict=True):
        found += [
            *("-map", f"[{name}]", "-c:v", "libx264", "-preset", PRESET, "-crf", CRF),
            *("-maxrate", str(rung.peak), "-bufsize", str(2 * rung.peak)),
            *("-force_key_frames", f"expr:gte(t,n_forced*{ladder.SEGMENT})"),
            *("-g", str(math.ceil(rate * ladder.SEGMENT * 2)), "-sc_threshold", "0", "-x264-params", "open_gop=0"),
            *("-map_metadata", "-1", "-map_chapters", "-1"),
            *_hls(rung.name),
        ]
    for number, sound in enumerate(probed["audio"]):
        found += [
            *("-map", f"0:{sound['index']}", "-af", "aresample=48000:async=1:first_pts=0", "-ac", "2"),
            *("-c:a", "aac", "-b:a", AUDIO_RATE, "-map_metadata", "-1", "-map_chapters", "-1"),
            *_hls(f"a{number}"),
        ]
    return [
        *found,
        "-map",
        "[sheets]",
        "-c:v",
        "mjpeg",
        "-q:v",
        "5",
        "-strict",
        "unofficial",
        "-f",
        "image2",
        "tiles%d.jpg",
    ]


def _hls(name: str) -> list[str]:
    return [
        *("-f", "hls", "-hls_time", str(ladder.SEGMENT), "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"),
        *("-hls_flags", "single_file", "-hls_segment_filename", f"{name}.mp4", f"{name}.m3u8"),
    ]


def encode(
    source: Path,
    probed: dict[str, Any],
    *,
    folder: Path,
    on_progress: Callable[[float], None],
) -> tuple[list[ladder.Rung], Tiles]:
    """Encode `source` into `folder`. `on_progress` gets a share from 0 to 1. Raises ffmpeg.FFmpegError."""
    rungs, tiles = ladder.rungs(probed), tiles_of(probed)
    duration = max(0.1, probed["duration"])
    ffmpeg.run(
        [ffmpeg.Input(source)],
        outputs(probed, rungs, tiles),
        cwd=folder,
        timeout=TIMEOUT_BASE + TIMEOUT_FACTOR * duration,
        on_progress=lambda seconds: on_progress(min(1.0, seconds / duration)),
    )
    return rungs, tiles


def subtitles(source: Path, probed: dict[str, Any], *, folder: Path) -> list[tuple[dict[str, Any], Path]]:
    """The source's text subtitles as WebVTT; one that can't be converted is left out."""
    found = []
    for number, track in enumerate(t for t in probed["subtitles"] if t["codec"] in TEXT_SUBTITLES):
        target = folder / f"s{number}.vtt"
        try:
            ffmpeg.run(
                [ffmpeg.Input(source)],
                ["-map", f"0:{track['index']}", "-c:s", "webvtt", "-f", "webvtt", target.name],
                cwd=folder,
                timeout=TIMEOUT_BASE,
            )
        except ffmpeg.FFmpegError:
            continue
        if target.exists() and "-->" in target.read_text("utf-8", "replace"):
            found.append((track, target))
    return found


def still(rung: Path, duration: float, *, folder: Path) -> Path:
    """A picture from the content: of a few moments, the one with most light and detail (no black frame)."""
    best, best_score = folder / "still0.jpg", -1.0
    for number, share in enumerate((0.12, 0.3, 0.5, 0.75)):
        target = folder / f"still{number}.jpg"
        ffmpeg.run(
            [ffmpeg.Input(rung, options=["-ss", f"{duration * share:.3f}"])],
            ["-frames:v", "1", "-q:v", "3", "-strict", "unofficial", "-f", "image2", "-update", "1", target.name],
            cwd=folder,
            timeout=TIMEOUT_BASE,
        )
        if not target.exists():
            continue
        with Image.open(target) as picture:
            grey = ImageStat.Stat(picture.convert("L").resize((64, 64)))
        score = grey.stddev[0] + min(grey.mean[0], 255 - grey.mean[0]) / 4
        if score > best_score:
            best, best_score = target, score
    return best
