"""ffmpeg commands: from a source to its levels and audio tracks."""

from __future__ import annotations

import math
from pathlib import Path

from apps.media.services.encoding import audio, filters, passes
from apps.media.services.encoding.passes import ProgressListener, file_of
from apps.media.services.encoding.plan import Level, Part, Plan
from utils.mediakit import ffmpeg
from utils.mediakit.containers import REWIND
from utils.mediakit.source import Source

CRF = "22"
PRESET = "veryfast"


def make(
    path: Path,
    source: Source,
    plan: Plan,
    *,
    folder: Path,
    listener: ProgressListener,
    levels: list[Level],
    sound: bool = False,
    part: Part | None = None,
) -> str:
    """Make `<name>.mp4` of each of `levels`, and with `sound` of all audio tracks, in one pass.

    Returns ffmpeg's error messages on decoding. Raises ffmpeg.FFmpegError; if one of the plan's levels is
    copied, even for errors in the stream that ffmpeg could conceal.
    """
    options: list[str] = []
    duration = source.duration
    if part and part.frames:
        duration = plan.seconds(part.frames)
    if part and (part.first or part.frames):
        # The part begins at a keyframe of the source: seek there, and the fps filter drops what comes before.
        options = ["-noaccurate_seek", "-ss", f"{math.ceil(plan.seconds(part.first) * 1e6) / 1e6:.6f}"]
    if source.clock_resets:  # or ffmpeg corrects the same reset twice, for the rest of one track and for the other
        options += ["-dts_delta_threshold", str(REWIND)]
    if source.video.shapes and not source.video.rotation:
        options += ["-reinit_filter:v", "0"]  # keep the filters and their state when the size changes
    encoded = [level for level in levels if level != plan.copied]
    outputs = _encoded(source, plan, encoded, part or plan.parts[0]) if encoded else []
    if plan.copied in levels:
        picture = f"0:{source.video.index}"
        outputs += ["-map", picture, "-c:v", "copy", *file_of(plan.copied.name, "+frag_keyframe")]
    if sound:
        audio.make_varying(path, options, source, folder=folder, on_tick=listener.tick)
        outputs += audio.outputs(source)
    if not outputs:  # all audio tracks were made by make_varying
        return ""
    peak = max((level.peak for level in levels), default=0)
    said = passes.run(
        [ffmpeg.Input(path, options)],
        outputs,
        folder=folder,
        seconds=duration,
        largest=2 * path.stat().st_size + int(duration * (peak + audio.SURROUND_RATE)) + 64 * 1024**2,
        strict=bool(encoded and plan.copied),
        on_progress=lambda seconds: listener.progress(min(1.0, seconds / max(0.1, duration))),
        on_tick=listener.tick,
    )
    return said if encoded else ""


def _encoded(source: Source, plan: Plan, levels: list[Level], part: Part) -> list[str]:
    """The filter graph and outputs of encoded levels, best first; each is scaled from the one above."""
    graph = f"[0:{source.video.index}]{','.join(filters.base(source, plan, levels[0], part))}"
    for number, level in enumerate(levels):
        if number:
            graph += f",scale={level.width}:{level.height}:flags=bicubic"
        more = number + 1 < len(levels)
        graph += f",setsar=1,split[v{number}][r{number}];[r{number}]null" if more else f",setsar=1[v{number}]"
    outputs, threads = ["-filter_complex", graph], str(passes.program().codec_threads)
    moments = ",".join(f"{math.floor(plan.seconds(cut) * 1e6) / 1e6:.6f}" for cut in plan.cuts_in(part))
    for number, level in enumerate(levels):
        outputs += [
            *("-map", f"[v{number}]", "-c:v", "libx264", "-preset", PRESET, "-crf", CRF),
            *("-maxrate", str(level.peak), "-bufsize", str(2 * level.peak), "-threads", threads),
            *("-force_key_frames", moments or "0", "-forced-idr", "1"),
            *("-g", "100000", "-sc_threshold", "0", "-x264-params", "open_gop=0"),
            *file_of(level.name, "+frag_keyframe"),
        ]
    return outputs
