"""The lease of a video through everything that can happen: renewed, cancelled, taken over, frozen, retried."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from apps.media import services
from apps.media.models import ACTIVE, Chunk, State, Video
from apps.media.services.encoding import chunks
from apps.media.services.leases import LEASE, RENEW_EVERY, Lease, LeaseLost, take_chunk, take_video
from apps.media.services.queue import QUEUED_FOR

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 3
SWEEP = 10.0  # seconds


class Clock:
    """Both of a machine's clocks, moved by hand."""

    def __init__(self) -> None:
        self.began, self.passed = timezone.now(), 0.0
        # Only what reads the clock through leases is moved: sockets and the broker keep theirs.
        self.patch = patch("apps.media.services.leases.time.monotonic", lambda: self.passed)

    def now(self) -> datetime:
        return self.began + timedelta(seconds=self.passed)

    def __enter__(self) -> Clock:
        self.patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.patch.stop()


def locked(execute, sql, *arguments):
    """As SQLite answers a writer while another one writes for longer than its patience."""
    if sql.startswith("UPDATE"):
        raise OperationalError("database is locked")
    return execute(sql, *arguments)


def waiting_video() -> Video:
    return Video.objects.create(original="x", original_name="x", size=1, sha256="0" * 64)


@pytest.fixture
def clock():
    with Clock() as moved:
        yield moved


def held(video: Video, clock: Clock) -> Lease[Video]:
    lease = take_video(video.pk, clock=clock.now)
    assert lease
    return lease


def lost(lease: Lease[Video]) -> bool:
    try:
        lease.tick()
    except LeaseLost:
        return True
    return False


@pytest.mark.parametrize("another", [False, True])
def test_what_was_lost_stays_lost_at_every_look(clock, another):
    """A worker that asked again within its throttle was told that it still held the lease, and went on for ever."""
    video = waiting_video()
    lease = held(video, clock)
    if another:
        clock.passed += LEASE.total_seconds() + 1
        assert held(video, clock)
    else:
        assert services.cancel(video_id=video.pk, at=clock.now())
        clock.passed += RENEW_EVERY.total_seconds()
    assert [lost(lease) for _ in range(3)] == [True, True, True]
    with connection.execute_wrapper(locked):
        assert lost(lease)  # a database that can't answer is no excuse
    with pytest.raises(LeaseLost):
        lease.renew()


def test_a_hold_on_a_chunk_stays_lost_and_leaves_the_chunk_free(clock):
    video = waiting_video()
    chunk = Chunk.objects.create(video=video, number=0)
    hold = take_chunk(chunk.pk, clock=clock.now)
    assert hold
    assert take_chunk(chunk.pk, clock=clock.now) is None
    Chunk.objects.update(lease_owner="another")
    clock.passed += RENEW_EVERY.total_seconds()
    for _ in range(3):
        with pytest.raises(LeaseLost):
            hold.tick()


def test_a_lock_that_is_shorter_than_the_lease_loses_nothing(clock):
    video = waiting_video()
    lease = held(video, clock)
    lease.progress(0.4)
    with connection.execute_wrapper(locked):
        for _ in range(20):
            clock.passed += 2.0  # 40 s in all
            assert not lost(lease)
    clock.passed += 1.0
    assert services.resume_lapsed(at=clock.now()) == 0
    assert not lost(lease)
    video.refresh_from_db()
    assert (video.progress, video.attempts) == (0.4, 1)
    assert video.lease_until == clock.now() + LEASE


def test_a_lock_that_outlasts_the_lease_loses_it_for_good(clock):
    lease = held(waiting_video(), clock)
    with connection.execute_wrapper(locked):
        clock.passed += LEASE.total_seconds()
        assert lost(lease)
    assert lost(lease)


def test_nobody_begins_with_a_chunk_of_a_title_that_was_cancelled():
    video = waiting_video()
    Chunk.objects.create(video=video, number=0)
    Video.objects.update(state=State.FAILED)  # its worker died before it could clear away
    assert not chunks.encode_chunk(chunk_id=Chunk.objects.get().pk)
    Video.objects.update(state=State.PROCESSING)
    assert services.cancel(video_id=video.pk, at=timezone.now())
    assert not Chunk.objects.exists()


class Holds(RuleBasedStateMachine):
    """Workers that take, renew, freeze and write; a curator who cancels and tries again; a sweep; a locked database.

    A frozen worker is one whose turn doesn't come while the clock goes on.
    """

    @initialize()
    def begin(self) -> None:
        self.clock = Clock().__enter__()
        self.video = waiting_video()
        Video.objects.filter(pk=self.video.pk).update(lease_until=self.clock.now() + QUEUED_FOR)
        self.leases: list[Lease[Video] | None] = [None] * WORKERS
        self.gone: list[Lease[Video]] = []  # those that were told once that they lost it
        self.looked: dict[str, float] = {}  # owner: when it last asked
        self.renewed: dict[str, float] = {}  # and when it last was answered: it holds it

    def teardown(self) -> None:
        """Nothing is stuck: whatever happened, the video can be taken once every worker has died."""
        if not hasattr(self, "clock"):
            return
        try:
            self.clock.passed += LEASE.total_seconds() + QUEUED_FOR.total_seconds() + SWEEP
            services.resume_lapsed(at=self.clock.now())
            going = self._row().state in ACTIVE
            assert bool(take_video(self.video.pk, clock=self.clock.now)) is going
            assert services.retry(video_id=self.video.pk, at=self.clock.now()) is not going
        finally:
            self.clock.__exit__()
            self.video.delete()

    def _row(self) -> Video:
        return Video.objects.get(pk=self.video.pk)

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.9, 4.0, 10.0, 31.0, 47.0, 49.0, 4000.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.passed += seconds

    @rule(worker=st.integers(0, WORKERS - 1))
    def take(self, worker: int) -> None:
        if self.leases[worker] is not None:
            return
        before = self._row()
        lease = take_video(self.video.pk, clock=self.clock.now)
        if lease:
            assert before.state == State.UPLOADED or before.lease_until < self.clock.now()
            self.leases[worker] = lease
            self.looked[lease.owner] = self.renewed[lease.owner] = self.clock.passed

    @rule(worker=st.integers(0, WORKERS - 1), away=st.booleans())
    def look(self, worker: int, away: bool) -> None:
        lease = self.leases[worker]
        if lease is None:
            return
        held, asked_before = lease.held().exists(), self.looked[lease.owner]
        if away:
            with connection.execute_wrapper(locked):
                told = lost(lease)
            if told:
                assert self.clock.passed - self.renewed[lease.owner] >= LEASE.total_seconds()
        else:
            told = lost(lease)
            if not held and self.clock.passed - asked_before >= RENEW_EVERY.total_seconds():
                assert told  # at its next look
            if held:
                assert not told
                if self.clock.passed - asked_before >= RENEW_EVERY.total_seconds():
                    self.renewed[lease.owner] = self.clock.passed
            self.looked[lease.owner] = self.clock.passed
        if told:
            self.gone.append(lease)
            self.leases[worker] = None

    @rule(worker=st.integers(0, WORKERS - 1))
    def finish(self, worker: int) -> None:
        lease = self.leases[worker]
        if lease is None:
            return
        mine = self._row().lease_owner == lease.owner
        assert bool(lease.held().update(state=State.READY, lease_owner="", lease_until=None)) is mine

    @rule()
    def cancelled(self) -> None:
        going = self._row().state in ACTIVE
        assert services.cancel(video_id=self.video.pk, at=self.clock.now()) is going

    @rule()
    def tried_again(self) -> None:
        going = self._row().state in ACTIVE
        assert services.retry(video_id=self.video.pk, at=self.clock.now()) is not going

    @rule()
    def swept(self) -> None:
        services.resume_lapsed(at=self.clock.now())

    @precondition(lambda self: hasattr(self, "gone"))
    @invariant()
    def one_writes_and_the_lost_stay_lost(self) -> None:
        if not hasattr(self, "leases"):
            return
        live = [lease for lease in self.leases if lease is not None]
        assert sum(lease.held().exists() for lease in live) <= 1
        for lease in self.gone:
            assert lost(lease)


TestHolds = Holds.TestCase
TestHolds.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
