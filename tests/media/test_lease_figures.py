"""What a lease may take, how long it lasts, and when it is renewed: in figures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.media import services
from apps.media.models import Chunk, State, Video
from apps.media.services.leases import LeaseLost, fail, put_aside, release, take_video
from tests.media.test_leases import Clock, locked, waiting_video

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock():
    with Clock() as moved:
        yield moved


@pytest.mark.parametrize("state", [State.READY, State.FAILED, State.NO_ROOM])
def test_what_nobody_is_to_encode_is_neither_taken_nor_queued_again(state):
    video = waiting_video()
    past = timezone.now() - timedelta(days=1)
    Video.objects.update(state=state, lease_until=past, lease_owner="before")
    assert not Video.objects.lapsed(timezone.now()).exists()
    assert not take_video(video.pk, clock=timezone.now)
    if state != State.NO_ROOM:
        assert services.resume_lapsed(at=timezone.now()) == 0
        video.refresh_from_db()
        assert (video.state, video.lease_owner, video.attempts) == (state, "before", 0)


@pytest.mark.parametrize("state", [State.UPLOADED, State.PROCESSING])
def test_what_waits_or_was_left_is_taken(state):
    video = waiting_video()
    Video.objects.update(
        state=state, lease_until=timezone.now() - SECOND, lease_owner="before", progress=0.7, failure="x"
    )
    lease = take_video(video.pk, clock=timezone.now)
    assert lease
    video.refresh_from_db()
    assert (video.state, video.lease_owner, video.attempts) == (State.PROCESSING, lease.owner, 1)
    assert (video.progress, video.failure) == (0, "")


def test_a_lease_lasts_48_seconds(clock):
    video = waiting_video()
    assert take_video(video.pk, clock=clock.now)
    video.refresh_from_db()
    assert video.lease_until == clock.now() + 48 * SECOND
    clock.passed += 48.0
    assert not take_video(video.pk, clock=clock.now)
    clock.passed += 0.001
    assert take_video(video.pk, clock=clock.now)


def test_a_lease_is_renewed_every_four_seconds_of_work(clock):
    video = waiting_video()
    lease = take_video(video.pk, clock=clock.now)
    assert lease
    taken = clock.now() + 48 * SECOND
    clock.passed += 3.9
    lease.tick()
    video.refresh_from_db()
    assert video.lease_until == taken
    for _ in range(30):  # two minutes: far longer than one lease
        clock.passed += 4.0
        lease.tick()
        video.refresh_from_db()
        assert video.lease_until == clock.now() + 48 * SECOND
    assert not take_video(video.pk, clock=clock.now)
    assert services.resume_lapsed(at=clock.now()) == 0
    lease.tick()


def test_a_renewal_writes_how_far_the_work_is(clock):
    video = waiting_video()
    lease = take_video(video.pk, clock=clock.now)
    assert lease
    for share in (0.25, 0.5, 0.4):  # it never goes back
        lease.progress(share)
    lease.renew()
    video.refresh_from_db()
    assert video.progress == 0.5
    lease.progress(1.5)
    lease.renew()
    video.refresh_from_db()
    assert video.progress == 1.0


def test_a_lease_that_is_held_elsewhere_writes_nothing(clock):
    video = waiting_video()
    first = take_video(video.pk, clock=clock.now)
    assert first
    clock.passed += 49.0
    second = take_video(video.pk, clock=clock.now)
    assert second
    with pytest.raises(LeaseLost):
        first.renew()
    fail(first, "damaged")
    assert not release(first, until=clock.now())
    video.refresh_from_db()
    assert (video.state, video.lease_owner) == (State.PROCESSING, second.owner)
    assert release(second, until=clock.now())
    video.refresh_from_db()
    assert (video.state, video.lease_owner) == (State.UPLOADED, "")


def test_what_was_lost_stays_lost_while_the_database_is_away(clock):
    video = waiting_video()
    lease = take_video(video.pk, clock=clock.now)
    assert lease
    Video.objects.update(lease_owner="another")
    clock.passed += 4.0
    with pytest.raises(LeaseLost):
        lease.tick()
    with connection.execute_wrapper(locked), pytest.raises(LeaseLost):
        lease.tick()


def test_a_job_without_room_waits_longer_each_time(clock):
    for tries, seconds in ((1, 15), (2, 30), (3, 60), (6, 480), (7, 900), (20, 900)):
        video = waiting_video()
        lease = take_video(video.pk, clock=clock.now)
        assert lease
        assert put_aside(lease, "no_room", tries=tries, at=clock.now())
        video.refresh_from_db()
        assert (video.state, video.failure) == (State.NO_ROOM, "no_room")
        assert video.lease_until == clock.now() + seconds * SECOND
        assert not Video.objects.out_of_room(video.lease_until).exists()
        assert Video.objects.out_of_room(video.lease_until + SECOND).exists()
        video.delete()


def test_of_a_lease_that_reaches_too_far_the_clock_was_set_back():
    video = waiting_video()
    now = timezone.now()
    Video.objects.update(state=State.PROCESSING, lease_until=now + timedelta(hours=1) + SECOND)
    assert take_video(video.pk, clock=timezone.now)
    Video.objects.update(lease_until=now + timedelta(minutes=59))
    assert not take_video(video.pk, clock=timezone.now)


def test_a_chunk_waits_for_one_worker_at_a_time():
    video, now = waiting_video(), timezone.now()
    free, held, lapsed, done = (Chunk.objects.create(video=video, number=n) for n in range(4))
    Chunk.objects.filter(pk=held.pk).update(lease_owner="a", lease_until=now + SECOND)
    Chunk.objects.filter(pk=lapsed.pk).update(lease_owner="a", lease_until=now - SECOND)
    Chunk.objects.filter(pk=done.pk).update(done=True)
    assert list(Chunk.objects.waiting(now)) == [free, lapsed]
