"""ffmpeg commands: from a source to rungs and sound, from a rung to storyboard and thumbnail."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageStat

from apps.media.services.encoding import audio, filters, ladder
from apps.media.services.encoding.passes import Watch, file_of, time_for
from utils.mediakit import ffmpeg
from utils.mediakit.containers import REWIND
from utils.mediakit.source import Source

CRF = "22"
PRESET = "veryfast"
TILE_WIDTH, TILE_HEIGHT = 160, 320  # pixels at most
COLUMNS, ROWS = 10, 10
TILES = 300  # at most, of one title


@dataclass(frozen=True)
class Tiles:
    """How the storyboard's sheets are cut: seconds between tiles, pixels of one, how many in all."""

    interval: float
    width: int
    height: int
    count: int


def make(
    path: Path,
    source: Source,
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
    duration = source.duration
    if part and part.frames:
        duration = plan.seconds(part.frames)
    if part and (part.first or part.frames):
        # The picture's start is a keyframe of the source: seek there and leave what comes before to the filter.
        options = ["-noaccurate_seek", "-ss", f"{math.ceil(plan.seconds(part.first) * 1e6) / 1e6:.6f}"]
    if source.clock_resets:  # or ffmpeg counts it twice, for what was left of a track and for the rest of it
        options += ["-dts_delta_threshold", str(REWIND)]
    if source.video.shapes and not source.video.rotation:
        options += ["-reinit_filter:v", "0"]  # what our filters began goes on when the size changes
    encoded = [rung for rung in rungs if rung != plan.copied]
    outputs = _encoded(source, plan, encoded, part or plan.parts[0]) if encoded else []
    if plan.copied in rungs:
        picture = f"0:{source.video.index}"
        outputs += ["-map", picture, "-c:v", "copy", *file_of(plan.copied.name, "+frag_keyframe")]
    if sound:
        audio.make_varying(path, options, source, folder=folder, watch=watch)
        outputs += audio.outputs(source)
    if not outputs:  # all of its sound was made already
        return ""
    peak = max((rung.peak for rung in rungs), default=0)
    said = ffmpeg.run(
        [ffmpeg.Input(path, options)],
        outputs,
        cwd=folder,
        timeout=time_for(duration),
        largest=2 * path.stat().st_size + int(duration * (peak + audio.SURROUND_RATE)) + 64 * 1024**2,
        strict=bool(encoded and plan.copied),
        on_progress=lambda seconds: watch.progress(min(1.0, seconds / max(0.1, duration))),
        on_tick=watch.tick,
    )
    return said if encoded else ""


def _encoded(source: Source, plan: ladder.Plan, rungs: list[ladder.Rung], part: ladder.Part) -> list[str]:
    """The filter graph and outputs of encoded rungs, best first; each is scaled from the one above."""
    graph = f"[0:{source.video.index}]{','.join(filters.base(source, plan, rungs[0], part))}"
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
            *file_of(rung.name, "+frag_keyframe"),
        ]
    return outputs


def tiles_of(source: Source) -> Tiles:
    """The storyboard that a source gets: TILES pictures at most, none of them larger than a tile."""
    width, height = source.video.shown_size()
    duration = max(0.1, source.duration)
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
        timeout=time_for(tiles.interval * tiles.count),
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


def thumbnail(rung: Path, moment: float, *, folder: Path, watch: Watch) -> Path | None:
    """`thumbnail.jpg`, a rung of ours at `moment` seconds or, if it shows nothing then, at its start."""
    target = folder / "thumbnail.jpg"
    for second in (moment, 0.0):
        ffmpeg.run(
            [ffmpeg.Input(rung, ["-ss", f"{second:.3f}"])],
            ["-frames:v", "1", "-q:v", "2", "-strict", "unofficial", "-f", "image2", "-update", "1", target.name],
            cwd=folder,
            timeout=time_for(0),
            on_tick=watch.tick,
        )
        if target.exists():
            return target
    return None
