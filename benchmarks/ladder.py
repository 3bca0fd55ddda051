"""The whole pipeline against one plain ffmpeg command that makes the same ladder: wall time, as a ratio.

The reference decodes once and encodes the same rungs and sound with the same settings into plain MP4; the
pipeline also probes, cuts segments, paints the storyboard and chooses a still. Asked: at most 1.10.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS = 40
ROUNDS = 3


def source(folder: Path, binary: str) -> Path:
    """A 720p film with motion, grain and sound."""
    path = folder / "source.mp4"
    subprocess.run(
        [
            *(binary, "-v", "error", "-f", "lavfi", "-i", "mandelbrot=size=1280x720:rate=25:maxiter=600"),
            *("-f", "lavfi", "-i", "anoisesrc=amplitude=0.1:colour=pink", "-t", str(SECONDS)),
            *("-vf", "noise=alls=8:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "16"),
            *("-pix_fmt", "yuv420p", "-c:a", "aac", str(path)),
        ],
        check=True,
    )  # fmt: skip
    return path


def plain(path: Path, folder: Path) -> list[str]:
    """The reference command's arguments."""
    from apps.media import encode, ladder
    from utils import ffmpeg

    rungs = ladder.rungs(ffmpeg.probe(path))
    graph = f"[0:v]fps=25,split={len(rungs)}" + "".join(f"[i{n}]" for n in range(len(rungs)))
    for n, rung in enumerate(rungs):
        graph += f";[i{n}]scale={rung.width}:{rung.height}:flags=bicubic,format=yuv420p[v{n}]"
    command = [ffmpeg.binary(), "-v", "error", "-y", "-i", str(path), "-filter_complex", graph]
    for n, rung in enumerate(rungs):
        command += ["-map", f"[v{n}]", "-c:v", "libx264", "-preset", encode.PRESET, "-crf", encode.CRF]
        command += ["-maxrate", str(rung.peak), "-bufsize", str(2 * rung.peak), "-g", "200", "-sc_threshold", "0"]
        command += ["-force_key_frames", f"expr:gte(t,n_forced*{ladder.SEGMENT})", str(folder / f"{rung.name}.mp4")]
    return [*command, "-map", "0:a", "-c:a", "aac", "-b:a", encode.AUDIO_RATE, str(folder / "a.m4a")]


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.update(DATA_DIR=str(folder / "data"), DJANGO_SETTINGS_MODULE="streamsite.settings")
        import django

        django.setup()
        from celery import current_app
        from django.core.management import call_command

        from apps.media.models import State, Video
        from apps.media.services import processing
        from utils import ffmpeg
        from utils.storages import videos

        current_app.conf.task_always_eager = True
        call_command("migrate", verbosity=0)
        path = source(folder, ffmpeg.binary())
        command = plain(path, folder)
        ratios = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            subprocess.run(command, check=True)
            reference = time.perf_counter() - began
            stored = videos().adopt(path, suffix=".mp4", move=False)
            video = Video.objects.create(original=stored, original_name="b.mp4", size=1, sha256="0" * 64)
            began = time.perf_counter()
            processing.process(video_id=video.pk)
            ours = time.perf_counter() - began
            video.refresh_from_db()
            if video.state != State.READY:
                raise SystemExit(f"The encode failed: {video.failure} {video.failure_detail}")
            ratios.append(ours / reference)
            print(f"pipeline {ours:6.1f} s   plain ffmpeg {reference:6.1f} s   ratio {ratios[-1]:.3f}")
        print(f"median ratio {sorted(ratios)[ROUNDS // 2]:.3f}, asked: at most 1.10")


if __name__ == "__main__":
    main()
