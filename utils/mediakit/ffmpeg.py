"""Runs ffmpeg without a shell, without network, and with limits on files, time, memory and output.

Inputs are passed as open files (`fd:`), and `fd` is the only protocol allowed: a file can't make ffmpeg open another
one, and its name plays no part in detecting its format.
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
SILENCE = 60.0  # seconds without a progress report, which ffmpeg prints twice a second
NO_ROOM = ("No space left on device", "Disk quota exceeded")  # how ffmpeg prints ENOSPC and EDQUOT
UNREADABLE = "Error opening input"  # ffmpeg's message on a file whose index is damaged
KILLED = (-signal.SIGKILL, -signal.SIGTERM)  # exit status: killed by an operator, or by the kernel out of memory


class FFmpegError(Exception):
    """ffmpeg ended with an error; the message is the end of its output."""


class Interrupted(Exception):
    """ffmpeg was frozen or killed, which says nothing about the file: try again."""


@dataclass(frozen=True)
class Input:
    """A local file to read, and options that go before its `-i`.

    If `captions` is set, only the closed captions (CEA-608) in the video stream of that index are read.
    """

    path: Path
    options: Sequence[str] = ()
    captions: int | None = None


@dataclass(frozen=True)
class FFmpeg:
    """The ffmpeg to run, 7.1 or newer.

    `binary` is its path; empty for the one in the imageio-ffmpeg wheel. `threads` is the number of threads of one
    codec; 0 for as many as the machine has.
    """

    binary: str = ""
    threads: int = 0

    @property
    def path(self) -> str:
        """The path of the program."""
        return self.binary or _bundled()

    @property
    def codec_threads(self) -> int:
        """The number of threads of one codec."""
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
        """Run ffmpeg in the folder `cwd`, which receives the outputs; returns its error messages.

        `timeout` is in seconds of wall time, `largest` in bytes of one output. `on_progress` receives the seconds of
        output written so far, `on_tick` is called every second; an exception that either raises stops ffmpeg and
        propagates. If `strict`, ffmpeg fails at the first decoding error instead of concealing it.

        Raises FFmpegError, Interrupted, and OSError if an input can't be opened or the disk is full.
        """
        threads = self.codec_threads
        command = [self.path, "-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-progress", "pipe:1", "-nostats"]
        command += ["-max_error_rate", "1"]  # judge by the output, not by the share of damaged packets
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
    """Options that read an input from its open file."""
    if one.captions is None:
        # browsers and the probe ignore the container's cropping too
        cropping = ["-apply_cropping", "codec"]
        return ["-format_whitelist", DEMUXERS, *cropping, *one.options, "-fd", str(file), "-i", "fd:"]
    graph = _captions_of(file, one.captions)
    return ["-format_whitelist", "lavfi", *one.options, "-f", "lavfi", "-i", graph]


def _captions_of(file: int, stream: int) -> str:
    """A lavfi graph that decodes the open file under the same restrictions and outputs its captions."""
    inside = rf"fd={file}\:protocol_whitelist=fd\:format_whitelist={DEMUXERS}"
    return rf"movie='fd\:':si={stream}:format_opts='{inside}'[out0+subcc]"
