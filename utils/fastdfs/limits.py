"""Limits of time and memory."""

from __future__ import annotations

from dataclasses import dataclass

PIECE_BYTES = 256 * 1024  # of a file in memory at once; also the longest reply that isn't a file's content


@dataclass(frozen=True)
class Limits:
    """Limits of one client. When a wait exceeds its limit, the next server is asked, or Unavailable is raised."""

    connect_seconds: float = 3.0
    tracker_seconds: float = 5.0  # a whole reply; trackers answer from memory
    io_seconds: float = 30.0  # one piece of a file in either direction, or a storage's reply
    rest_seconds: float = 10.0  # during which a failed server is asked last
    idle_seconds: float = 60.0  # of a kept connection; FastDFS closes fresh ones after about 95
    idle_connections: int = 8  # kept per server
    checksum_bytes_per_second: int = 20 * 1024**2  # slowest disk behind `regenerate`, which reads the whole file
