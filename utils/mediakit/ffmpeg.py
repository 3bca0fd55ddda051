"""The one door to ffmpeg: no shell, no network, no file but the job's own, bounded in every way.

A source is handed over as an open file (`fd:`), and `fd` is the only protocol allowed: whatever a file says,
ffmpeg can't open another one, and no name or suffix helps it guess what the file is.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.mediakit import sandbox
from utils.mediakit.containers import DEMUXERS

LARGEST = 64 * 1024**3  # bytes of one output
SILENCE = 60.0  # seconds without ffmpeg's report, which comes every half second
NO_ROOM = ("No space left on device", "Disk quota exceeded")  # as ffmpeg words what the system told it
UNREADABLE = "Error opening input"  # ffmpeg on a file whose index makes no sense to it
KILLED = (-signal.SIGKILL, -signal.SIGTERM)  # from outside, or by the kernel that ran out of memory


class FFmpegError(Exception):
    """ffmpeg ended with an error; the message is the end of what it said."""


class Interrupted(Exception):
    """ffmpeg was frozen or killed: nothing is known about the file, so try again."""


@dataclass(frozen=True)
class Input:
    """A local file to read, with options that stand before its `-i`.

    With `captions` it is the text that the pictures of that stream carry beside them (CEA-608), and nothing else.
    """

    path: Path
    options: Sequence[str] = ()
    captions: int | None = None


@dataclass(frozen=True)
class FFmpeg:
    """An ffmpeg to run, 7.1 or newer: its path, or the one in the imageio-ffmpeg wheel; threads per codec, or all."""

    binary: str = ""
    threads: int = 0

    @property
    def path(self) -> str:
        """The path of the program."""
        return self.binary or _bundled()

    @property
    def codec_threads(self) -> int:
        """How many threads one codec may use."""
        return self.threads or min(16, os.cpu_count() or 1)

    def run(
        self,
        inputs: Sequence[Input],
        outputs: Sequence[str],
        *,
        cwd: Path,
        timeout: float,
        largest: int = LARGEST,
        strict: bool = False,
        on_progress: Callable[[float], None] | None = None,
        on_tick: Callable[[], None] | None = None,
    ) -> str:
        """Run ffmpeg in the folder `cwd`, where the outputs go; returns what it complained about.

        `timeout` is in seconds of wall time, `largest` in bytes of one output. `on_progress` gets the seconds
        of output made so far, `on_tick` is called every second; an exception of theirs stops ffmpeg and is
        passed on. If `strict`, ffmpeg fails at the first picture that isn't as it was. Raises FFmpegError,
        Interrupted, and OSError for an input that can't be opened or a disk that is full.
        """
        threads = self.codec_threads
        command = [self.path, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-progress", "pipe:1", "-nostats"]
        command += ["-max_error_rate", "1"]  # what came out is what counts
        command += ["-xerror"] if strict else []
        command += ["-filter_threads", str(threads), "-filter_complex_threads", str(threads)]
        limits = sandbox.Limits(seconds=timeout, output=largest, silence=SILENCE, threads=max(16, 2 * threads))
        rest = b""

        def read(said: bytes) -> None:
            nonlocal rest
            *lines, rest = (rest + said).split(b"\n")
            for line in lines:
                key, _, value = line.strip().partition(b"=")
                if key == b"out_time_us" and on_progress and value.isdigit():
                    on_progress(int(value) / 1e6)

        with contextlib.ExitStack() as stack:
            files = []
            for one in inputs:
                files.append(os.open(one.path, os.O_RDONLY))
                stack.callback(os.close, files[-1])
                command += ["-protocol_whitelist", "fd", "-threads", str(threads), *_reading(one, files[-1])]
            try:
                status, said = sandbox.run(
                    [*command, *outputs], cwd=cwd, limits=limits, files=files, on_output=read, on_tick=on_tick
                )
            except sandbox.Stalled as error:
                raise Interrupted(str(error)) from error
            except sandbox.Stopped as error:
                raise FFmpegError(str(error)) from error
        if status in KILLED:
            raise Interrupted(f"killed by signal {-status}")
        if any(words in said for words in NO_ROOM):
            raise OSError(errno.ENOSPC, said)
        if status:
            raise FFmpegError(said or f"ffmpeg ended with {status}")
        return said


@functools.cache
def _bundled() -> str:
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _reading(one: Input, file: int) -> list[str]:
    """Options that read an input by its open file."""
    if one.captions is None:
        # a container's cropping is left out by browsers and by the probe
        cropping = ["-apply_cropping", "codec"]
        return ["-format_whitelist", DEMUXERS, *cropping, *one.options, "-fd", str(file), "-i", "fd:"]
    graph = _captions_of(file, one.captions)
    return ["-format_whitelist", "lavfi", *one.options, "-f", "lavfi", "-i", graph]


def _captions_of(file: int, stream: int) -> str:
    """A graph that decodes the open file by the same rules, for lavfi to take the captions out of."""
    inside = rf"fd={file}\:protocol_whitelist=fd\:format_whitelist={DEMUXERS}"
    return rf"movie='fd\:':si={stream}:format_opts='{inside}'[out0+subcc]"
