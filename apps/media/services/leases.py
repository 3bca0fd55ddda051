"""A worker's hold on a video: taken, renewed while it works, lost to another when it doesn't."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import OperationalError
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.media.models import State, Video, VideoQuerySet
from utils.databases import forget_broken

# A worker that was killed or froze is given up for dead after it; a database that is locked for less restarts nothing.
LEASE = timedelta(seconds=48)
RENEW_EVERY = timedelta(seconds=4)
TRY_AGAIN = timedelta(seconds=1)  # to renew, while the database is locked or away
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=15)  # until another try where the disk was full
# A job that takes its worker down with it isn't tried for ever; one whose workers are killed from outside,
# as in an unlucky night of restarts, is.
ATTEMPTS = 12


class LeaseLost(Exception):
    """Another worker took the video over, or it was cancelled: this one stops and leaves no trace."""


class Renewal:
    """Keeps the lease of a row: asked often, it writes every few seconds. What was lost once stays lost."""

    def __init__(self, held: Callable[[], QuerySet[Any]]) -> None:
        """`held` gives the row with its `lease_until` and `progress`, and nothing once another owns it."""
        self._held = held
        self._renewed = self._next = time.monotonic()  # the clock on the wall may be set back
        self._share = 0.0
        self._lost = False
        self.begin()

    def begin(self) -> None:
        """Count from now on: the lease was just taken."""
        self._renewed = time.monotonic()
        self._next = self._renewed + RENEW_EVERY.total_seconds()

    def progress(self, share: float) -> None:
        """Note how far the work is, 0 to 1; written with the next renewal."""
        self._share = max(self._share, min(1.0, share))

    def tick(self) -> None:
        """Renew, at most every few seconds. Raises LeaseLost, then and ever after."""
        if self._lost or time.monotonic() >= self._next:
            self.renew()

    def renew(self) -> None:
        """Renew at once. While the database is locked or away, the lease that was written last counts until it lapses.

        Raises LeaseLost, then and ever after.
        """
        if self._lost:
            raise LeaseLost
        began = time.monotonic()  # before the write: the lease mustn't be believed to last longer than it does
        try:
            rows = self._held().update(lease_until=timezone.now() + LEASE, progress=self._share)
        except OperationalError as error:
            if began - self._renewed >= LEASE.total_seconds():
                self._lost = True
                raise LeaseLost from error
            forget_broken()
            self._next = time.monotonic() + TRY_AGAIN.total_seconds()
            return
        if not rows:
            self._lost = True
            raise LeaseLost
        self._renewed, self._next = began, began + RENEW_EVERY.total_seconds()


class Lease:
    """One worker's hold on a video, and the progress it reports."""

    def __init__(self, video_id: int) -> None:
        self.video_id = video_id
        self.owner = secrets.token_hex(8)
        self._renewal = Renewal(self.held)

    def take(self) -> bool:
        """Whether the video was waiting, or its worker silent for too long, and is now this worker's."""
        now = timezone.now()
        waiting = Video.objects.filter(pk=self.video_id, state=State.UPLOADED)
        lapsed = Video.objects.lapsed(now).filter(pk=self.video_id, state=State.PROCESSING)
        self._renewal.begin()
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
        self._renewal.progress(share)

    def tick(self) -> None:
        """Renew, at most every few seconds. Raises LeaseLost, then and ever after."""
        self._renewal.tick()

    def renew(self) -> None:
        """Renew at once. Raises LeaseLost, then and ever after."""
        self._renewal.renew()

    def give_back(self, **values: Any) -> bool:
        """Put the video back in the queue's hands; whether it was still held."""
        values = {"state": State.UPLOADED, "lease_owner": "", **values}
        return bool(self.held().update(**values))

    def wait_for_room(self, *, tries: int, detail: str = "") -> bool:
        """Put the video aside until there is room on the disk, for longer each time; whether it was still held."""
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1))
        return self.give_back(
            state=State.NO_ROOM, lease_until=timezone.now() + pause, failure="no_room", failure_detail=detail[:4000]
        )

    def fail(self, code: str, detail: str = "") -> None:
        """End the job for good, if it is still held: `code` is one of media.failures."""
        self.held().update(
            state=State.FAILED, failure=code, failure_detail=detail[:4000], lease_owner="", lease_until=None
        )
