"""What every pass of ffmpeg over a source shares: program, listener, time limit, and how a track is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from django.conf import settings

from utils.mediakit import ffmpeg

TIMEOUT_BASE, TIMEOUT_FACTOR = 600.0, 40.0  # seconds, and seconds per second of source
FRAGMENTS = "+cmaf+delay_moov+skip_trailer"
PLAIN = ("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn")


Tick: TypeAlias = Callable[[], None]  # called about once a second; an exception it raises ends the pass


@dataclass(frozen=True)
class ProgressListener:
    """The listener of a pass. `progress` takes the share done, 0 to 1."""

    progress: Callable[[float], None]
    tick: Tick


def program() -> ffmpeg.FFmpeg:
    """The ffmpeg of the settings."""
    return ffmpeg.FFmpeg(settings.FFMPEG_BINARY, settings.FFMPEG_THREADS)


def run(
    inputs: Sequence[ffmpeg.Input],
    outputs: Sequence[str],
    *,
    folder: Path,
    seconds: float,
    on_tick: Tick,
    on_progress: Callable[[float], None] | None = None,
    largest: int = ffmpeg.LARGEST,
    strict: bool = False,
) -> str:
    """Run ffmpeg over so many seconds of film; see ffmpeg.FFmpeg.run."""
    return program().run(
        inputs,
        outputs,
        cwd=folder,
        timeout=TIMEOUT_BASE + TIMEOUT_FACTOR * seconds,
        largest=largest,
        strict=strict,
        on_progress=on_progress,
        on_tick=on_tick,
    )


def file_of(name: str, flags: str = "") -> list[str]:
    """Options that write `<name>.mp4` in whole fragments as it is made, so that it can be played meanwhile."""
    return [*PLAIN, "-flush_packets", "1", "-f", "mp4", "-movflags", FRAGMENTS + flags, f"{name}.mp4"]
