"""What the queue tells of itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone

from apps.media import services
from apps.media.models import State, Video
from apps.media.services.leases import LEASE
from utils.tasks import enqueue, queue_length

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _empty_queues():
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.delete("media", "media_long", "never_was")  # type: ignore[attr-defined]


def test_an_empty_queue_and_one_that_never_was_have_no_length():
    assert queue_length("media") == queue_length("never_was") == 0
    enqueue("media.process", video_id=0)
    enqueue("media.process", video_id=0)
    assert queue_length("media") == 2


def test_a_message_the_broker_lost_is_sent_again_and_one_that_waits_is_not():
    past = timezone.now() - timedelta(seconds=1)
    Video.objects.create(original="x", original_name="x", size=1, sha256="0" * 64, lease_until=past)
    assert services.resume_lapsed(at=timezone.now()) == 1
    assert queue_length("media") == 1
    Video.objects.update(lease_until=past)
    assert services.resume_lapsed(at=timezone.now()) == 0
    assert queue_length("media") == 1
    video = Video.objects.get()
    assert video.state == State.UPLOADED
    assert video.lease_until > timezone.now()


def test_a_job_whose_worker_died_before_the_clock_was_set_back_is_sent_again():
    ahead = timezone.now() + LEASE
    video = Video.objects.create(
        original="x", original_name="x", size=1, sha256="0" * 64, state=State.PROCESSING, lease_until=ahead
    )
    assert services.resume_lapsed(at=timezone.now()) == 0
    Video.objects.update(lease_until=ahead + timedelta(days=1))
    assert services.resume_lapsed(at=timezone.now()) == 1
    video.refresh_from_db()
    assert video.state == State.UPLOADED
    assert video.lease_until < timezone.now() + timedelta(hours=1)
