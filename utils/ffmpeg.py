"""The one door to ffmpeg: no shell, no network, no other file, bounded time and memory."""

from __future__ import annotations

import functools
import json
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

# A file named .mp4 that holds an HLS playlist makes ffmpeg read other people's files: only true containers.
DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,flv,live_flv,mpegts,mpeg,mpegvideo,asf,ogg,rm,mxf,wav,mp3,aac,ac3,eac3,"
    "flac,h264,hevc,m4v,dv,nut,ivf,av1,obu,gif,vc1,avs,avs2,rawvideo,wtv"
)
MEMORY_LIMIT = 8 * 1024**3  # bytes of address space
FILE_LIMIT = 512 * 1024**3  # bytes one output may reach
PROBE_TIMEOUT = 60.0  # seconds
STDERR_KEPT = 4000  # characters


class FFmpegError(Exception):
    """ffmpeg ended with an error; the message is the end of what it said."""


class ProbeError(Exception):
    """The file is no video that can be used; `code` is one of apps.media.failures."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail


@functools.cache
def binary() -> str:
    """The ffmpeg that is used: FFMPEG_BINARY, else the one in the imageio-ffmpeg wheel."""
    if settings.FFMPEG_BINARY:
        return str(settings.FFMPEG_BINARY)
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


@dataclass(frozen=True)
class Input:
    """A local file to read, with options that stand before its `-i`."""

    path: Path
    options: Sequence[str] = ()
    trusted: bool = False  # made by us: a playlist or raw frames are allowed

    def arguments(self) -> list[str]:
        guard = [] if self.trusted else ["-format_whitelist", DEMUXERS]
        return ["-protocol_whitelist", "file", *guard, *self.options, "-i", f"file:{self.path}"]


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(
    inputs: Sequence[Input],
    outputs: Sequence[str],
    *,
    cwd: Path,
    timeout: float,
    on_progress: Callable[[float], None] | None = None,
) -> None:
    """Run ffmpeg in the folder `cwd`, where the outputs go.

    `timeout` is in seconds of wall time. `on_progress` gets the seconds of output made so far;
    an exception it raises stops ffmpeg and is passed on. Raises FFmpegError.
    """
    command = [binary(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-progress", "pipe:1", "-nostats"]
    for one in inputs:
        command += one.arguments()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [*command, *outputs],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            preexec_fn=_limits,
        )
        overdue = threading.Event()

        def expire() -> None:
            overdue.set()
            process.kill()

        timer = threading.Timer(timeout, expire)
        timer.start()
        try:
            for line in process.stdout or ():
                key, _, value = line.strip().partition("=")
                if key == "out_time_us" and on_progress and value.lstrip("-").isdigit():
                    on_progress(max(0, int(value)) / 1e6)
            process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        if overdue.is_set():
            raise FFmpegError(f"stopped after {timeout:.0f} s")
        if process.returncode:
            size = errors.seek(0, 2)
            errors.seek(max(0, size - STDERR_KEPT))
            said = errors.read().decode("utf-8", "replace").strip()
            raise FFmpegError(said or f"ffmpeg ended with {process.returncode}")


def probe(path: Path) -> dict[str, Any]:
    """What is really in the file, by decoding some of it in a process of its own (see utils.probe).

    Raises ProbeError with a code of apps.media.failures.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "utils.probe", str(path)],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT,
            preexec_fn=_limits,
        )
    except subprocess.TimeoutExpired as error:
        raise ProbeError("damaged", f"probing took more than {PROBE_TIMEOUT:.0f} s") from error
    if done.returncode:
        raise ProbeError("damaged", done.stderr[-STDERR_KEPT:].strip() or f"the probe ended with {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    if "refused" in found:
        raise ProbeError(found["refused"], found.get("detail", ""))
    return found
