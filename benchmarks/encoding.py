"""Encoding against plain ffmpeg commands in the same run: wall time, as ratios.

- ladder: the whole pipeline (probe, all rungs, sound, segment tables, storyboard, still) against one ffmpeg
  command that decodes once and makes the same rungs and sound. Asked: at most 1.05.
- first rung: until the title can be watched, as a share of the whole ladder. Asked: at most 0.35.
- remux: a compliant source into a rung and its sound, in place, against `ffmpeg -c copy`. Asked: at most 1.5.
- chunks: a long title over two workers of one thread each against one of them. Asked: at least 1.8.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.media.models import Video

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
FILM = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-c:a", "aac")


def film(path: Path, *, size: str, seconds: int, options: tuple[str, ...] = FILM) -> Path:
    """A film with motion, grain and sound."""
    from utils import ffmpeg

    subprocess.run(
        [
            *(ffmpeg.binary(), "-v", "error", "-f", "lavfi", "-i", f"mandelbrot=size={size}:rate=25:maxiter=600"),
            *("-f", "lavfi", "-i", "anoisesrc=amplitude=0.1:colour=pink", "-t", str(seconds)),
            *("-vf", "noise=alls=6:allf=t,format=yuv420p", *options, str(path)),
        ],
        check=True,
    )
    return path


def looped(path: Path, target: Path, *, times: int, options: tuple[str, ...] = ()) -> Path:
    """A film several times in a row."""
    from utils import ffmpeg

    command = [ffmpeg.binary(), "-v", "error", "-stream_loop", str(times - 1), "-i", str(path), "-c", "copy"]
    subprocess.run([*command, *options, str(target)], check=True)
    return target


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def plain_ladder(source: Path, folder: Path) -> list[str]:
    """One command that decodes once and makes the same rungs and sound as plain MP4."""
    from apps.media import encode, ladder
    from utils import ffmpeg

    plan = ladder.plan(ffmpeg.probe(source))
    graph = f"[0:v]fps={plan.rate},split={len(plan.rungs)}" + "".join(f"[i{n}]" for n in range(len(plan.rungs)))
    for n, rung in enumerate(plan.rungs):
        graph += f";[i{n}]scale={rung.width}:{rung.height}:flags=bicubic,format=yuv420p[v{n}]"
    command = [ffmpeg.binary(), "-v", "error", "-y", "-i", str(source), "-filter_complex", graph]
    for n, rung in enumerate(plan.rungs):
        command += ["-map", f"[v{n}]", "-c:v", "libx264", "-preset", encode.PRESET, "-crf", encode.CRF]
        command += ["-maxrate", str(rung.peak), "-bufsize", str(2 * rung.peak), "-g", "200", "-sc_threshold", "0"]
        command += ["-force_key_frames", f"expr:gte(t,n_forced*{ladder.SEGMENT})", str(folder / f"{rung.name}.mp4")]
    return [*command, "-map", "0:a", "-c:a", "aac", "-b:a", str(encode.STEREO_RATE), str(folder / "a.m4a")]


def stored(source: Path) -> Video:
    """A video that waits to be encoded."""
    from apps.media.models import Video
    from utils.storages import videos

    name = videos().adopt(source, suffix=source.suffix, move=False)
    return Video.objects.create(original=name, original_name=source.name, size=1, sha256="0" * 64)


def finished(video: Video) -> Video:
    from apps.media.models import State

    video.refresh_from_db()
    if video.state != State.READY:
        raise SystemExit(f"The encode failed: {video.failure} {video.failure_detail}")
    return video


def ladders(folder: Path) -> tuple[float, float]:
    """(pipeline / plain command, until watchable / pipeline)."""
    from apps.media.services import process

    source = film(folder / "film.mkv", size="1280x720", seconds=40, options=(*FILM, "-g", "1000"))
    command = plain_ladder(source, folder)
    ratios, shares = [], []
    for _ in range(ROUNDS):
        reference = seconds(lambda: subprocess.run(command, check=True))
        video = stored(source)
        ours = seconds(lambda pk=video.pk: process(video_id=pk))
        finished(video)
        first = (video.ready_at - video.started_at).total_seconds()
        ratios.append(ours / reference)
        shares.append(first / ours)
        print(f"  pipeline {ours:5.1f} s, plain ffmpeg {reference:5.1f} s, first rung after {first:4.1f} s")
    return median(ratios), median(shares)


def main() -> None:
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(DATA_DIR=str(folder / "data"), DJANGO_SETTINGS_MODULE="streamsite.settings")
        import django

        django.setup()
        from celery import current_app
        from django.core.management import call_command

        current_app.conf.task_always_eager = True
        call_command("migrate", verbosity=0)
        whole, first = ladders(folder)
        print(f"ladder {whole:.3f}, asked: at most 1.05; first rung {first:.3f}, asked: at most 0.35")


if __name__ == "__main__":
    main()
