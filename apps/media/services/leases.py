"""A worker's hold on a video: taken, renewed while it works, lost to another when it doesn't."""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from apps.media.models import State, Video, VideoQuerySet

LEASE = timedelta(seconds=25)  # a worker that was killed or froze is given up for dead after it
RENEW_EVERY = timedelta(seconds=4)
# A job that takes its worker down with it isn't tried for ever; one whose workers are killed from outside,
# as in an unlucky night of restarts, is.
ATTEMPTS = 12


class LeaseLost(Exception):
    """Another worker took the video over, or it was cancelled: this one stops and leaves no trace."""


class Lease:
    """One worker's hold on a video, and the progress it reports."""

    def __init__(self, video_id: int) -> None:
        self.video_id = video_id
        self.owner = secrets.token_hex(8)
        self._renewed = time.monotonic()
        self._share = 0.0

    def take(self) -> bool:
        """Whether the video was waiting, or its worker silent for too long, and is now this worker's."""
        now = timezone.now()
        waiting = Video.objects.filter(pk=self.video_id, state=State.UPLOADED)
        lapsed = Video.objects.lapsed(now).filter(pk=self.video_id, state=State.PROCESSING)
        return any(
            rows.update(
                state=State.PROCESSING,
                lease_owner=self.owner,
                lease_until=now + LEASE,
                started_at=now,
                progress=0,
                attempts=F("attempts") + 1,
                failure="",
                failure_detail="",
            )
            for rows in (waiting, lapsed)
        )

    def held(self) -> VideoQuerySet:
        """The video's row while this worker holds it, for guarded updates; empty once it doesn't."""
        return Video.objects.filter(pk=self.video_id, state=State.PROCESSING, lease_owner=self.owner)

    def progress(self, share: float) -> None:
        """Note how far the job is, 0 to 1; written with the next renewal."""
        self._share = max(self._share, min(1.0, share))

    def tick(self) -> None:
        """Renew, at most every few seconds. Raises LeaseLost."""
        if time.monotonic() - self._renewed >= RENEW_EVERY.total_seconds():
            self.renew()

    def renew(self) -> None:
        """Raises LeaseLost."""
        self._renewed = time.monotonic()  # the clock on the wall may be set back
        if not self.held().update(lease_until=timezone.now() + LEASE, progress=self._share):
            raise LeaseLost

    def give_back(self, **values: Any) -> bool:
        """Put the video back in the queue's hands; whether it was still held."""
        values = {"state": State.UPLOADED, "lease_owner": "", **values}
        return bool(self.held().update(**values))

    def fail(self, code: str, detail: str = "") -> None:
        """End the job for good, if it is still held: `code` is one of media.failures."""
        self.held().update(
            state=State.FAILED, failure=code, failure_detail=detail[:4000], lease_owner="", lease_until=None
        )
