"""Storyboard and thumbnail, from the encoded levels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageStat

from apps.media.services.encoding import ladder, passes
from apps.media.services.encoding.passes import Tick
from utils.mediakit import ffmpeg
from utils.mediakit.source import Source

TILE_WIDTH, TILE_HEIGHT = 160, 320  # pixels at most
COLUMNS, ROWS = 10, 10
TILES = 300  # at most, of one title


@dataclass(frozen=True)
class Tiles:
    """The grid of a storyboard: seconds between tiles, pixels of one tile, and how many there are on all sheets."""

    interval: float
    width: int
    height: int
    count: int


def tiles_of(source: Source) -> Tiles:
    """The grid for a source: at most TILES tiles."""
    width, height = source.video.shown_size()
    duration = max(0.1, source.duration)
    interval = max(1.0, duration / TILES)
    scale = min(TILE_WIDTH / width, TILE_HEIGHT / height)
    tile_width, tile_height = (max(2, 2 * round(scale * side / 2)) for side in (width, height))
    return Tiles(interval, tile_width, tile_height, max(1, math.ceil(duration / interval)))


def make(level: Path, tiles: Tiles, *, folder: Path, on_tick: Tick, strict: bool) -> tuple[list[Path], str]:
    """The sheets `tiles<n>.jpg`, in order, of an encoded level, and what ffmpeg complained about.

    If `strict`, raises ffmpeg.FFmpegError for errors in the stream that ffmpeg could conceal.
    """
    sparse = ["-skip_frame", "nokey"] if tiles.interval >= ladder.LONGEST_SEGMENT else []
    graph = (
        f"fps=1/{tiles.interval:.5f}:start_time=0:round=up,scale={tiles.width}:{tiles.height}:flags=area,setsar=1,"
        f"format=yuvj420p,tile={COLUMNS}x{ROWS}"
    )
    said = passes.run(
        [ffmpeg.Input(level, sparse)],
        ["-vf", graph, "-q:v", "5", "-strict", "unofficial", "-f", "image2", "tiles%d.jpg"],
        folder=folder,
        seconds=tiles.interval * tiles.count,
        strict=strict,
        on_tick=on_tick,
    )
    return sorted(folder.glob("tiles*.jpg"), key=lambda path: int(path.stem.removeprefix("tiles"))), said


def best_moment(sheets: list[Path], tiles: Tiles, duration: float) -> float:
    """The time, in seconds, of the tile with the most light and detail, away from the beginning and the end."""
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


def thumbnail(level: Path, moment: float, *, folder: Path, on_tick: Tick) -> Path | None:
    """`thumbnail.jpg`: the frame of an encoded level at `moment` seconds or, if there is none, its first."""
    target = folder / "thumbnail.jpg"
    for second in (moment, 0.0):
        passes.run(
            [ffmpeg.Input(level, ["-ss", f"{second:.3f}"])],
            ["-frames:v", "1", "-q:v", "2", "-strict", "unofficial", "-f", "image2", "-update", "1", target.name],
            folder=folder,
            seconds=0,
            on_tick=on_tick,
        )
        if target.exists():
            return target
    return None
