"""The queue in the administration: how long still, stop, encode again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.media.models import State, Video
from apps.media.presenters import seconds_left
from tests.factories import make_user, make_video

pytestmark = pytest.mark.django_db
LIST = "admin:media_video_changelist"


@pytest.fixture
def curator(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def act(client, action: str, *videos: Video):
    data = {"action": action, "_selected_action": [video.pk for video in videos]}
    return client.post(reverse(LIST), data, follow=True).content.decode()


def test_what_runs_says_how_long_it_will_take(curator):
    now = timezone.now()
    video = make_video()
    video.state, video.progress, video.started_at = State.PROCESSING, 0.25, now - timedelta(minutes=1)
    video.save()
    assert seconds_left(video, now) == pytest.approx(180, abs=1)
    page = curator.get(reverse(LIST)).content.decode()
    assert "25 %" in page
    assert "预计还需 3:0" in page


@pytest.mark.parametrize(("state", "progress"), [(State.PROCESSING, 0.01), (State.READY, 1), (State.UPLOADED, 0.5)])
def test_where_nothing_can_be_said_nothing_is(state, progress):
    video = Video(state=state, progress=progress, started_at=timezone.now())
    assert seconds_left(video, timezone.now()) is None


def test_stopping_and_beginning_again(curator):
    waiting, running, ready = make_video(), make_video(), make_video()
    Video.objects.filter(pk=waiting.pk).update(state=State.UPLOADED)
    Video.objects.filter(pk=running.pk).update(state=State.PROCESSING, lease_owner="w", lease_until=timezone.now())
    assert "已停止 2 个" in act(curator, "cancel_encoding", waiting, running, ready)
    states = dict(Video.objects.values_list("pk", "state"))
    assert states == {waiting.pk: State.FAILED, running.pk: State.FAILED, ready.pk: State.READY}
    assert "已停止 0 个" in act(curator, "cancel_encoding", waiting, running, ready)
    act(curator, "retry_encoding", waiting, running)
    assert {v.state for v in Video.objects.exclude(pk=ready.pk)} == {State.UPLOADED}
