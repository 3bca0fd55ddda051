"""A worker's hold on a title or a chunk: taken, renewed while the worker lives, lost to another one otherwise."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.db import OperationalError
from django.db.models import F, Model, QuerySet

from apps.media.models import ACTIVE, Chunk, State, Video
from utils.clock import Clock
from utils.databases import forget_broken

# A worker that was killed or froze counts as dead after this; a database that is locked for less restarts nothing.
LEASE = timedelta(seconds=48)
RENEW_EVERY = timedelta(seconds=4)
TRY_AGAIN = timedelta(seconds=1)  # to renew, while the database is locked or away
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=15)  # before another try where the disk was full
# A job that takes its worker down with it isn't tried for ever; one whose workers are killed from outside,
# as in an unlucky night of restarts, is.
ATTEMPTS = 12
CHUNK_TRIES = 2  # of one chunk, before its title fails

Row = TypeVar("Row", bound=Model)


class LeaseLost(Exception):
    """Another worker took the row over, or the job was cancelled: this worker stops and leaves no trace."""


class Lease(Generic[Row]):
    """One worker's hold on a row with `lease_owner`, `lease_until` and `progress`. Once lost, it stays lost."""

    def __init__(self, rows: QuerySet[Row], *, clock: Clock) -> None:
        """`rows` selects the row while it may be held at all; `clock` dates the renewals."""
        self.owner = secrets.token_hex(8)
        self._rows: QuerySet[Row] = rows
        self._clock = clock
        self._renewed = self._next = time.monotonic()  # the wall clock may be set back
        self._share = 0.0
        self._lost = False

    def take(self, free: QuerySet[Row], **values: object) -> bool:
        """Hold the row if it is among `free`, and set `values`; whether it was."""
        began = time.monotonic()
        if not free.update(lease_owner=self.owner, lease_until=self._clock() + LEASE, **values):
            return False
        self._renewed, self._next = began, began + RENEW_EVERY.total_seconds()
        return True

    def held(self) -> QuerySet[Row]:
        """The row while this worker holds it, for guarded updates; empty afterwards."""
        return self._rows.filter(lease_owner=self.owner)

    def progress(self, share: float) -> None:
        """Note how far the work is, 0 to 1; written with the next renewal."""
        self._share = max(self._share, min(1.0, share))

    def tick(self) -> None:
        """Renew, at most every RENEW_EVERY. Raises LeaseLost."""
        if self._lost or time.monotonic() >= self._next:
            self.renew()

    def renew(self) -> None:
        """Renew at once. While the database is locked or away, the last lease written counts until it lapses.

        Raises LeaseLost, on every later call as well.
        """
        if self._lost:
            raise LeaseLost
        began = time.monotonic()  # before the write: the lease mustn't be believed to last longer than it does
        try:
            rows = self.held().update(lease_until=self._clock() + LEASE, progress=self._share)
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


def take_video(video_id: int, *, clock: Clock) -> Lease[Video] | None:
    """A lease on a video that waits or whose worker has been silent for too long; None for any other."""
    rows = Video.objects.filter(pk=video_id)
    lease = Lease(rows.filter(state=State.PROCESSING), clock=clock)
    now = clock()
    taken = lease.take(
        rows.free(now),
        state=State.PROCESSING,
        started_at=now,
        progress=0,
        attempts=F("attempts") + 1,
        failure="",
        failure_detail="",
    )
    return lease if taken else None


def take_chunk(chunk_id: int, *, clock: Clock) -> Lease[Chunk] | None:
    """A lease on a chunk that nobody holds, of a title that is being encoded; None for any other."""
    rows = Chunk.objects.filter(pk=chunk_id)
    lease = Lease(rows.filter(done=False), clock=clock)
    free = rows.waiting(clock()).filter(failures__lt=CHUNK_TRIES, video__state__in=ACTIVE)
    return lease if lease.take(free) else None


def release(lease: Lease[Video], *, until: datetime, attempts: int | None = None) -> bool:
    """Return a video to the queue, which may take until `until` to deliver it; whether it was still held."""
    values = {} if attempts is None else {"attempts": attempts}
    return bool(lease.held().update(state=State.UPLOADED, lease_owner="", lease_until=until, **values))


def put_aside(lease: Lease[Video], failure: str, *, tries: int, at: datetime, detail: str = "") -> bool:
    """Let a video wait for room or for the storage, for longer after each try; whether it was still held."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1))
    return bool(
        lease.held().update(
            state=State.NO_ROOM,
            lease_owner="",
            lease_until=at + pause,
            failure=failure,
            failure_detail=detail[:4000],
        )
    )


def fail(lease: Lease[Video], code: str, detail: str = "") -> None:
    """End a video's job for good, if it is still held: `code` is one of apps.media.failures."""
    lease.held().update(
        state=State.FAILED, failure=code, failure_detail=detail[:4000], lease_owner="", lease_until=None
    )
