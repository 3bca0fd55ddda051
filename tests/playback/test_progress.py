"""The heartbeat: progress kept, views counted once by the server's clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone

from apps.movies.models import Access, Movie, PlayDay
from apps.movies.services import flush_plays
from apps.playback.models import Progress
from apps.playback.services import Beat, authorize, heartbeat
from tests.factories import make_episode, make_movie, make_user

pytestmark = pytest.mark.django_db


def _beat(episode, *, viewer, at: datetime, key: str = "u1", position: float = 0, playing: bool = True, **tab) -> None:
    grant = authorize(viewer=viewer, episode=episode, at=at)
    beat = Beat(position=position, duration=20.0, playing=playing, **tab)
    heartbeat(viewer=viewer, viewer_key=key, episode=episode, grant=grant, beat=beat, at=at)


def _watch(episode, *, seconds, viewer, key="u1", step=5, start=None):
    start = start or timezone.now()
    for passed in range(0, seconds + 1, step):
        _beat(episode, viewer=viewer, key=key, position=passed, at=start + timedelta(seconds=passed))


def test_a_view_counts_once_after_ten_seconds():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    _watch(episode, seconds=5, viewer=user, start=now)
    flush_plays()
    assert Movie.objects.get().plays == 0
    _watch(episode, seconds=15, viewer=user, start=now + timedelta(seconds=5))
    _watch(episode, seconds=15, viewer=user, start=now + timedelta(minutes=5))
    flush_plays()
    flush_plays()
    assert Movie.objects.get().plays == 1
    assert PlayDay.objects.get().plays == 1


def test_another_viewer_counts_too_and_paused_time_does_not():
    episode, now = make_episode(), timezone.now()
    nobody = AnonymousUser()
    _watch(episode, seconds=10, viewer=nobody, key="a1", start=now)
    _watch(episode, seconds=10, viewer=nobody, key="a2", start=now)
    for passed, playing in ((0, True), (5, False), (14, True), (18, True)):
        _beat(episode, viewer=nobody, key="a3", at=now + timedelta(seconds=passed), playing=playing)
    assert flush_plays() == 2


def test_a_client_cannot_claim_time_that_has_not_passed():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    for position in range(0, 100, 5):
        _beat(episode, viewer=user, position=position, at=now)
    _beat(episode, viewer=user, key="late", at=now)
    _beat(episode, viewer=user, key="late", at=now + timedelta(hours=1))
    assert flush_plays() == 1  # an hour of silence is worth fifteen seconds


def test_heartbeats_at_the_same_instant_count_one_view():
    episode, now = make_episode(), timezone.now()
    nobody = AnonymousUser()
    grant = authorize(viewer=nobody, episode=episode, at=now)
    _beat(episode, viewer=nobody, key="a1", at=now)

    def send(_: int) -> None:
        beat = Beat(position=1, duration=20, playing=True)
        at = now + timedelta(seconds=12)
        heartbeat(viewer=nobody, viewer_key="a1", episode=episode, grant=grant, beat=beat, at=at)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(24)))
    assert flush_plays() == 1


def test_a_preview_neither_counts_nor_moves_the_progress():
    user, episode = make_user(), make_episode(access=Access.VIP)
    _watch(episode, seconds=30, viewer=user)
    assert flush_plays() == 0
    assert not Progress.objects.exists()


def test_progress_is_kept_and_an_overtaken_beat_changes_nothing():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    for position, at in ((12.0, now), (3.0, now - timedelta(seconds=9))):
        _beat(episode, viewer=user, position=position, at=at)
    assert Progress.objects.get().position == 12.0
    _beat(episode, viewer=user, position=19.9, playing=False, at=now)
    row = Progress.objects.get()
    assert row.finished
    assert not row.can_resume


def test_progress_is_written_every_five_seconds_at_most(django_assert_num_queries):
    user, episode = make_user(), make_episode()
    now = timezone.now()
    _beat(episode, viewer=user, position=1, at=now)
    with django_assert_num_queries(0):
        for tenth in range(1, 50):
            _beat(episode, viewer=user, position=1 + tenth / 10, at=now + timedelta(seconds=tenth / 10))
    _beat(episode, viewer=user, position=6, at=now + timedelta(seconds=5))
    assert Progress.objects.get().position == 6
    _beat(episode, viewer=user, position=7, playing=False, at=now + timedelta(seconds=6))
    assert Progress.objects.get().position == 7  # a pause is written at once


def test_a_tab_that_was_left_behind_does_not_win():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    beats = [
        ("old", 1, 2.0, True, 0),
        ("old", 2, 3.0, False, 1),
        ("new", 1, 15.0, True, 20),
        ("old", 3, 3.0, False, 26),  # closed now
        ("new", 3, 17.0, True, 30),
        ("new", 2, 16.0, True, 40),  # overtaken on its way
    ]
    for tab, number, position, playing, after in beats:
        _beat(
            episode, viewer=user, position=position, playing=playing, tab=tab, number=number,
            at=now + timedelta(seconds=after),
        )  # fmt: skip
    assert Progress.objects.get().position == 17.0


def test_of_two_tabs_that_play_the_one_that_began_last_counts_until_it_stops():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    beats = [
        ("old", 1, 2.0, True, 0, 2.0),
        ("new", 1, 12.0, True, 6, 12.0),
        ("old", 2, 8.0, True, 7, 12.0),
        ("old", 3, 9.0, False, 8, 12.0),
        ("old", 4, 9.0, True, 9, 12.0),
        ("new", 2, 16.0, False, 10, 16.0),
        ("old", 5, 14.0, True, 16, 14.0),  # the only one that plays now
    ]
    for tab, number, position, playing, after, kept in beats:
        at = now + timedelta(seconds=after)
        _beat(episode, viewer=user, position=position, playing=playing, tab=tab, number=number, at=at)
        assert Progress.objects.get().position == kept


def test_an_episode_is_finished_where_its_outro_begins():
    user, episode = make_user(), make_episode()
    episode.outro_start = 14
    _beat(episode, viewer=user, position=14.5, at=timezone.now())
    assert Progress.objects.get().finished


def test_an_anonymous_viewer_is_known_by_a_signed_cookie_and_leaves_no_row(client, django_assert_num_queries):
    episode = make_episode()
    address = reverse("playback:progress", args=[episode.movie_id, 1])
    body = {"position": 9, "duration": 20, "playing": True}
    with django_assert_num_queries(1):  # the episode
        client.post(address, body, content_type="application/json")
    first = client.cookies["viewer"].value
    assert client.cookies["viewer"]["httponly"]
    assert "sessionid" not in client.cookies
    client.post(address, body, content_type="application/json")
    assert client.cookies["viewer"].value == first
    client.cookies["viewer"] = "a1:forged"
    client.post(address, body, content_type="application/json")
    assert client.cookies["viewer"].value not in {first, "a1:forged"}
    assert not Progress.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "\xff",
        '{"position": "x"}',
        '{"position": 1e999, "duration": 1}',
        '{"position": -1, "duration": 2}',
        '{"position": 1, "duration": 2, "number": 1e999}',
    ],
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
    record_play(movie_id=movie.pk, once="one", seconds=60)
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
