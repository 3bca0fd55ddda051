"""Adaptive polling intervals: the more clients poll, the longer each one waits."""

from __future__ import annotations

import threading
import time


class PollPacer:
    """Paces clients so that together they poll about `rate` times a second.

    Each waits `least` seconds while there are few, and up to `most` seconds when there are many. Counts are per
    process: within `most` seconds each process sees nearly every client.
    """

    def __init__(self, *, rate: float, least: float, most: float) -> None:
        self._rate, self._least, self._most = rate, least, most
        self._seen: dict[object, float] = {}  # last poll by time.monotonic(), oldest first
        self._lock = threading.Lock()

    def next_delay(self, client: object) -> float:
        """Record a poll of the client `client`; returns the seconds until its next one."""
        now = time.monotonic()
        with self._lock:
            self._seen.pop(client, None)
            self._seen[client] = now
            while self._seen[first := next(iter(self._seen))] < now - self._most:
                del self._seen[first]
            return round(min(self._most, max(self._least, len(self._seen) / self._rate)), 1)
