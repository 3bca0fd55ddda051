"""Moving pictures with sound: a scene filmed frame by frame, and music of its own."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
from django.conf import settings

from deploy.demo import music
from deploy.demo.catalogue import Part, Title
from deploy.demo.scenery import SCENES, Scene
from deploy.demo.scenery.canvas import quick_finish, vignette
from utils.mediakit import ffmpeg

FRAME_RATE = 24
SMALL_SECONDS = 4.0
SMALL_SIZE = (320, 180)  # pixels
PAINTED = (576, 324)  # scenes are soft: they are painted small and enlarged
# Frames painted a second where that isn't FRAME_RATE: what moves slowly is blended, what moves by steps is repeated.
PAINT_RATE = {
    "mountains": 12, "ink": 12, "dunes": 12, "paper": 12, "terraces": 12, "growth": 12, "winds": 8, "koi": 12,
    "lanterns": 12, "sound": 12, "planet": 12, "forest": 12, "julia": 12, "life": 8,
}  # fmt: skip
TIMEOUT = 1800.0  # seconds of wall time for one film
# The pipeline takes the film over as its best rendition, so it is encoded as the pipeline would encode it: with a
# keyframe every four seconds, and at about twice the bit rate of the next size. CRF 17 keeps the dither: 720p then has
# fifteen times the bit rate of 480p.
QUALITY = 20  # CRF
# CRF of scenes whose largest size would have more than 2.5 times the bit rate of the next one.
COARSER = {"planet": 21, "terraces": 24}
KEYFRAME_EVERY = 4  # seconds
PEAKS = {180: 400_000, 720: 2_000_000, 1080: 4_000_000}  # bits per second of the picture, by height in pixels


class _Camera(threading.Thread):
    """Paints the frames into a pipe that ffmpeg reads."""

    def __init__(
        self, scene: Scene, pipe: Path, *, size: tuple[int, int], count: int, rate: int, moment: float
    ) -> None:
        super().__init__(daemon=True)
        self.scene, self.pipe, self.size, self.count, self.rate, self.moment = scene, pipe, size, count, rate, moment
        self.stopped = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        # On Linux a thread has a niceness of its own: painting must not slow the pages down.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        try:
            self._film()
        except BrokenPipeError:
            return  # ffmpeg has ended; it says why itself
        except Exception as error:  # whatever it is, `shoot` raises it again in the caller's thread
            self.failure = error

    def _film(self) -> None:
        out = self._open()
        if out is None:
            return
        width, height = self.size
        shade = vignette(width, height, 0.4)
        rng = np.random.default_rng(1)
        dither = rng.normal(0, 0.004, (height * 2, width, 1)).astype(np.float32)
        with os.fdopen(out, "wb", buffering=0) as file:
            for index in range(self.count):
                start = int(rng.integers(0, height))
                picture = self.scene.frame(self.moment + index / self.rate) + dither[start : start + height]
                data = memoryview(quick_finish(picture, shade).tobytes())
                while data:
                    data = data[file.write(data) or 0 :]

    def _open(self) -> int | None:
        # An open for writing would wait for ever if ffmpeg never came to read.
        while not self.stopped.is_set():
            try:
                out = os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                time.sleep(0.02)
            else:
                os.set_blocking(out, True)
                return out
        return None


def seconds(part: Part, *, small: bool) -> float:
    return min(part.seconds, SMALL_SECONDS) if small else part.seconds


def shoot(title: Title, part: Part, *, folder: Path, small: bool = False) -> Path:
    """Film one episode into `folder`; returns the MP4. Raises utils.mediakit.ffmpeg.FFmpegError."""
    length = seconds(part, small=small)
    size = SMALL_SIZE if small else PAINTED
    if not small and title.size[1] > 720:
        size = (960, 540)
    width, height = SMALL_SIZE if small else title.size
    rate = PAINT_RATE.get(title.scene, FRAME_RATE)
    seed = title.seed + part.seed
    scene = SCENES[title.scene](*size, {**title.look, **part.look}, seed)
    sound = folder / "sound.wav"
    music.write(sound, music.compose(length, music.MOODS[title.mood], seed))
    pipe = folder / "frames"
    os.mkfifo(pipe)
    camera = _Camera(scene, pipe, size=size, count=round(length * rate), rate=rate, moment=title.moment)
    camera.start()
    smoothing = f"fps={FRAME_RATE}" if title.scene == "life" else f"framerate=fps={FRAME_RATE}:scene=100"
    frames = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", f"{size[0]}x{size[1]}", "-framerate", str(rate))
    gop = KEYFRAME_EVERY * FRAME_RATE  # frames
    crf = COARSER.get(title.scene, QUALITY)
    colours = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
    try:
        ffmpeg.FFmpeg(settings.FFMPEG_BINARY, settings.FFMPEG_THREADS).run(
            [ffmpeg.Input(pipe, frames), ffmpeg.Input(sound)],
            [
                *(
                    "-filter_complex",
                    f"[0:v]{smoothing},scale={width}:{height}:flags=bicubic:out_color_matrix=bt709[v]",
                ),
                *("-map", "[v]", "-map", "1:a", "-t", f"{length:g}"),
                *("-c:v", "libx264", "-preset", "veryfast", "-crf", str(crf), "-pix_fmt", "yuv420p", *colours),
                *("-maxrate", str(PEAKS[height]), "-bufsize", str(PEAKS[height])),
                *("-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0"),
                *("-c:a", "aac", "-b:a", "160k", "-movflags", "+faststart", "film.mp4"),
            ],
            cwd=folder,
            timeout=TIMEOUT,
        )
    finally:
        camera.stopped.set()
        camera.join(timeout=30)
    if camera.failure:
        raise camera.failure
    return folder / "film.mp4"


def webvtt(part: Part, *, english: bool, small: bool = False) -> str:
    """The part's lines as WebVTT, those that start before its end; "" if there are none."""
    length = seconds(part, small=small)
    cues = []
    for start, end, chinese, other in part.lines:
        if start < length:
            cues.append(f"{_stamp(start)} --> {_stamp(min(end, length))}\n{other if english else chinese}\n")
    return "WEBVTT\n\n" + "\n".join(cues) if cues else ""


def _stamp(at: float) -> str:
    minutes, rest = divmod(at, 60)
    return f"{int(minutes):02d}:{rest:06.3f}"
