"""The heartbeat: progress kept, views counted once by the server's clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.movies.models import Movie, PlayDay
from apps.movies.services import flush_plays
from apps.playback.models import Progress
from apps.playback.services import heartbeat
from tests.factories import make_episode, make_movie, make_user

pytestmark = pytest.mark.django_db


def _watch(episode, *, seconds, viewer, key="u1", step=5, start=None):
    start = start or timezone.now()
    for passed in range(0, seconds + 1, step):
        heartbeat(
            viewer=viewer, viewer_key=key, episode=episode, position=float(passed), duration=20.0, playing=True,
            at=start + timedelta(seconds=passed),
        )  # fmt: skip


def test_a_view_counts_once_after_ten_seconds():
    user, episode = make_user(), make_episode()
    _watch(episode, seconds=5, viewer=user)
    flush_plays()
    assert Movie.objects.get().plays == 0
    _watch(episode, seconds=15, viewer=user)
    _watch(episode, seconds=15, viewer=user)
    flush_plays()
    flush_plays()
    assert Movie.objects.get().plays == 1
    assert PlayDay.objects.get().plays == 1


def test_a_client_cannot_claim_time_that_has_not_passed():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    for position in range(0, 100, 5):
        heartbeat(viewer=user, viewer_key="u1", episode=episode, position=position, duration=20, playing=True, at=now)
    assert flush_plays() == 0


def test_progress_is_kept_and_an_overtaken_beat_changes_nothing():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    for position, at in ((12.0, now), (3.0, now - timedelta(seconds=9))):
        heartbeat(viewer=user, viewer_key="u1", episode=episode, position=position, duration=20, playing=True, at=at)
    assert Progress.objects.get().position == 12.0
    heartbeat(viewer=user, viewer_key="u1", episode=episode, position=19.9, duration=20, playing=False, at=now)
    row = Progress.objects.get()
    assert row.finished
    assert not row.can_resume


@pytest.mark.parametrize(
    "body", ["", "[]", '{"position": "x"}', '{"position": 1e999, "duration": 1}', '{"position": -1, "duration": 2}']
)
def test_a_broken_beat_is_refused(client, body):
    episode = make_episode()
    address = reverse("playback:progress", args=[episode.movie_id, 1])
    assert client.post(address, body, content_type="application/json").status_code == 400


def test_the_history_lists_and_forgets(client):
    user, episode = make_user(), make_episode()
    client.force_login(user)
    address = reverse("playback:progress", args=[episode.movie_id, 1])
    client.post(address, {"position": 9, "duration": 20, "playing": True}, content_type="application/json")
    page = client.get("/user/userinfo/1/")
    assert {"user_info", "types", "movies_li", "user", "movie_page", "page"} <= set(page.context.keys())
    assert [row.episode for row in page.context["movies_li"]] == [episode]
    assert client.post("/user/userinfo/1/").status_code == 302
    assert not Progress.objects.exists()


def test_plays_of_a_batch_that_was_interrupted_count_once(monkeypatch):
    from django_redis import get_redis_connection

    from apps.movies.services import record_play

    movie = make_movie()
    record_play(movie_id=movie.pk)
    redis = get_redis_connection("default")
    flush_plays()
    # the process died after the commit and before the batch was removed
    name = "plays:batch:again"
    from apps.movies.models import PlayBatch

    PlayBatch.objects.create(name=name)
    redis.hset(name, f"{movie.pk}:{timezone.localdate().isoformat()}", 5)
    redis.sadd("plays:batches", name)
    flush_plays()
    movie.refresh_from_db()
    assert movie.plays == 1
    assert not redis.exists(name)
