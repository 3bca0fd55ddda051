"""What every run of ffmpeg on a source shares: who listens, how long it may take, how a track is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

TIMEOUT_BASE, TIMEOUT_FACTOR = 600.0, 40.0  # seconds, and seconds per second of source
FRAGMENTS = "+cmaf+delay_moov+skip_trailer"
PLAIN = ("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn")


@dataclass(frozen=True)
class Watch:
    """The listener of a pass: `progress` takes the share done, 0 to 1; `tick` is called about once a second."""

    progress: Callable[[float], None]
    tick: Callable[[], None]


def time_for(seconds: float) -> float:
    """Seconds of wall time that a pass over so many seconds of film may take."""
    return TIMEOUT_BASE + TIMEOUT_FACTOR * seconds


def file_of(name: str, flags: str = "") -> list[str]:
    """Options that write `<name>.mp4` out as it is made: it may be watched meanwhile."""
    return [*PLAIN, "-flush_packets", "1", "-f", "mp4", "-movflags", FRAGMENTS + flags, f"{name}.mp4"]
