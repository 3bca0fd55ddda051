"""The heartbeat: progress kept, views counted once by the server's clock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone

from apps.movies import services as movies
from apps.movies.models import Access, Audience, Movie, PlayDay
from apps.playback import data_export, services
from apps.playback.models import Progress, Watch, viewer_key
from tests.factories import make_episode, make_user

pytestmark = pytest.mark.django_db

ADDRESS = "192.0.2.7"


def _send(episode, *, viewer, at: datetime, key: str = "u1", position: float = 0, playing: bool = True, **tab) -> None:
    grant = services.authorize(audience=Audience(viewer, at), episode=episode)
    heartbeat = services.Heartbeat(position=position, duration=20.0, playing=playing, **tab)
    services.record_heartbeat(
        viewer=viewer, viewer_key=key, address=ADDRESS, episode=episode, grant=grant, heartbeat=heartbeat, at=at
    )


def _watch(episode, *, seconds, viewer, key="u1", step=5, start=None):
    start = start or timezone.now()
    for passed in range(0, seconds + 1, step):
        _send(episode, viewer=viewer, key=key, position=passed, at=start + timedelta(seconds=passed))


def test_a_view_counts_once_after_ten_seconds():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    _watch(episode, seconds=5, viewer=user, start=now)
    movies.flush_plays()
    assert Movie.objects.get().plays == 0
    _watch(episode, seconds=15, viewer=user, start=now + timedelta(seconds=5))
    _watch(episode, seconds=15, viewer=user, start=now + timedelta(minutes=5))
    movies.flush_plays()
    movies.flush_plays()
    assert Movie.objects.get().plays == 1
    assert PlayDay.objects.get().plays == 1


def test_another_viewer_counts_too_and_paused_time_does_not():
    episode, now = make_episode(), timezone.now()
    nobody = AnonymousUser()
    _watch(episode, seconds=10, viewer=nobody, key="a1", start=now)
    _watch(episode, seconds=10, viewer=nobody, key="a2", start=now)
    for passed, playing in ((0, True), (5, False), (14, True), (18, True)):
        _send(episode, viewer=nobody, key="a3", at=now + timedelta(seconds=passed), playing=playing)
    assert movies.flush_plays() == 2


def test_a_client_cannot_claim_time_that_has_not_passed():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    for position in range(0, 100, 5):
        _send(episode, viewer=user, position=position, at=now)
    _send(episode, viewer=user, key="late", at=now)
    _send(episode, viewer=user, key="late", at=now + timedelta(hours=1))
    assert movies.flush_plays() == 1  # an hour of silence is worth fifteen seconds


def test_a_view_counts_again_after_six_hours():
    user, episode, now = make_user(), make_episode(), timezone.now()
    nobody = AnonymousUser()
    for viewer, key in ((user, "u1"), (nobody, "a1")):
        _watch(episode, seconds=60, viewer=viewer, key=key, start=now)
        _watch(episode, seconds=60, viewer=viewer, key=key, start=now + timedelta(hours=5, minutes=58))
    assert movies.flush_plays() == 2
    later = now + timedelta(hours=6, minutes=1)
    for viewer, key in ((user, "u1"), (nobody, "a1")):
        _watch(episode, seconds=5, viewer=viewer, key=key, start=later + timedelta(hours=7))
    assert movies.flush_plays() == 0  # five seconds are no view, whatever was watched before
    for viewer, key in ((user, "u1"), (nobody, "a1")):
        _watch(episode, seconds=10, viewer=viewer, key=key, start=later + timedelta(hours=7, seconds=10))
    assert movies.flush_plays() == 2


def test_a_view_counts_once_through_a_clock_that_is_set_back():
    episode, now = make_episode(), timezone.now()
    for viewer, key in ((make_user(), "u1"), (AnonymousUser(), "a1")):
        _watch(episode, seconds=30, viewer=viewer, key=key, start=now)
        _watch(episode, seconds=30, viewer=viewer, key=key, start=now - timedelta(hours=1))
    assert movies.flush_plays() == 2
    for viewer, key in ((make_user(), "u2"), (AnonymousUser(), "a2")):
        _watch(episode, seconds=5, viewer=viewer, key=key, start=now)
        _watch(episode, seconds=15, viewer=viewer, key=key, start=now - timedelta(hours=1))
    assert movies.flush_plays() == 2


def test_watching_for_longer_than_six_hours_counts_twice():
    episode, now = make_episode(), timezone.now()
    for viewer, key in ((make_user(), "u1"), (AnonymousUser(), "a1")):
        _watch(episode, seconds=6 * 3600 + 1200, step=600, viewer=viewer, key=key, start=now)
    assert movies.flush_plays() == 4


def test_a_heartbeat_costs_a_few_statements(django_assert_num_queries):
    """One read, and one transaction where there is anything to write."""
    episode, now = make_episode(), timezone.now()
    user, nobody = make_user(), AnonymousUser()
    grant = services.authorize(audience=Audience(user, now), episode=episode)
    costs = {  # by second: of who is signed in, and who isn't
        0: (9, 4),  # begins: with savepoints, as the rows may be there by now
        5: (5, 4),
        10: (6, 5),  # the view
        15: (5, 1),  # nothing more to know of who isn't signed in
        20: (5, 1),
    }
    for second, (known, unknown) in costs.items():
        for viewer, key, count in ((user, "u1", known), (nobody, "a1", unknown)):
            heartbeat = services.Heartbeat(position=second, duration=20.0, playing=True, tab="t", number=second + 1)
            at = now + timedelta(seconds=second)
            with django_assert_num_queries(count):
                services.record_heartbeat(
                    viewer=viewer,
                    viewer_key=key,
                    address=ADDRESS,
                    episode=episode,
                    grant=grant,
                    heartbeat=heartbeat,
                    at=at,
                )
    assert movies.flush_plays() == 2


def test_a_network_begins_so_many_views_without_an_account_and_no_more(monkeypatch):
    """Who asks for a new cookie each time would fill the table."""
    monkeypatch.setattr(services.progress, "BEGUN_BY_NETWORK", 2)
    episode, now = make_episode(), timezone.now()
    for key in ("a1", "a2", "a3"):
        _watch(episode, seconds=10, viewer=AnonymousUser(), key=key, start=now)
    _watch(episode, seconds=10, viewer=make_user(), key="u1", start=now)
    assert set(Watch.objects.values_list("viewer", flat=True)) == {"a1", "a2", "u1"}
    assert movies.flush_plays() == 3


def test_what_a_tab_calls_itself_is_not_trusted(client):
    episode = make_episode()
    address = reverse("playback:progress", args=[episode.movie_id, 1])
    for tab in ("\ud800", "\0", "李" * 5000, {"a": [1]}, None, 7):
        body = json.dumps({"position": 9, "duration": 20, "playing": True, "number": 2**31, "tab": tab})[:2048]
        answer = client.post(address, body, content_type="application/json")
        assert answer.status_code == (400 if len(body) == 2048 else 200), tab


def test_a_preview_neither_counts_nor_moves_the_progress():
    user, episode = make_user(), make_episode(access=Access.VIP)
    _watch(episode, seconds=30, viewer=user)
    assert movies.flush_plays() == 0
    assert not Progress.objects.exists()


def test_progress_is_kept_and_an_overtaken_beat_changes_nothing():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    for position, at in ((12.0, now), (3.0, now - timedelta(seconds=9))):
        _send(episode, viewer=user, position=position, at=at)
    assert Progress.objects.get().position == 12.0
    _send(episode, viewer=user, position=19.9, playing=False, at=now)
    row = Progress.objects.get()
    assert row.finished
    assert not row.can_resume


def test_progress_is_written_every_five_seconds_at_most(django_assert_num_queries):
    user, episode = make_user(), make_episode()
    now = timezone.now()
    _send(episode, viewer=user, position=1, at=now)
    with django_assert_num_queries(49):  # what is known of the viewer, each time
        for tenth in range(1, 50):
            _send(episode, viewer=user, position=1 + tenth / 10, at=now + timedelta(seconds=tenth / 10))
    _send(episode, viewer=user, position=6, at=now + timedelta(seconds=5))
    assert Progress.objects.get().position == 6
    _send(episode, viewer=user, position=7, playing=False, at=now + timedelta(seconds=6))
    assert Progress.objects.get().position == 7  # a pause is written at once


def test_a_tab_that_was_left_behind_does_not_win():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    heartbeats = [
        ("old", 1, 2.0, True, 0),
        ("old", 2, 3.0, False, 1),
        ("new", 1, 15.0, True, 20),
        ("old", 3, 3.0, False, 26),  # closed now
        ("new", 3, 17.0, True, 30),
        ("new", 2, 16.0, True, 40),  # overtaken on its way
    ]
    for tab, number, position, playing, after in heartbeats:
        _send(
            episode, viewer=user, position=position, playing=playing, tab=tab, number=number,
            at=now + timedelta(seconds=after),
        )  # fmt: skip
    assert Progress.objects.get().position == 17.0


def test_of_two_tabs_that_play_the_one_that_began_last_counts_until_it_stops():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    heartbeats = [
        ("old", 1, 2.0, True, 0, 2.0),
        ("new", 1, 12.0, True, 6, 12.0),
        ("old", 2, 8.0, True, 7, 12.0),
        ("old", 3, 9.0, False, 8, 12.0),
        ("old", 4, 9.0, True, 9, 12.0),
        ("new", 2, 16.0, False, 10, 16.0),
        ("old", 5, 14.0, True, 16, 14.0),  # the only one that plays now
    ]
    for tab, number, position, playing, after, kept in heartbeats:
        at = now + timedelta(seconds=after)
        _send(episode, viewer=user, position=position, playing=playing, tab=tab, number=number, at=at)
        assert Progress.objects.get().position == kept


def test_a_tab_that_plays_and_says_nothing_for_fifteen_seconds_counts_no_more():
    user, episode = make_user(), make_episode()
    now = timezone.now()
    heartbeats = [
        ("old", 1, 2.0, 0, 2.0),
        ("new", 1, 12.0, 6, 12.0),
        ("old", 2, 8.0, 20.9, 12.0),
        ("old", 3, 9.0, 21, 9.0),
    ]
    for tab, number, position, after, kept in heartbeats:
        at = now + timedelta(seconds=after)
        _send(episode, viewer=user, position=position, tab=tab, number=number, at=at)
        assert Progress.objects.get().position == kept


def test_an_episode_is_finished_where_its_outro_begins():
    user, episode = make_user(), make_episode()
    episode.outro_start = 14
    _send(episode, viewer=user, position=14.5, at=timezone.now())
    assert Progress.objects.get().finished


def test_an_anonymous_viewer_is_known_by_a_signed_cookie_and_leaves_no_row(client, django_assert_num_queries):
    episode = make_episode()
    address = reverse("playback:progress", args=[episode.movie_id, 1])
    body = {"position": 9, "duration": 20, "playing": True}
    with django_assert_num_queries(5):  # the episode; the new viewer, noted in a transaction
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


@pytest.mark.parametrize("signed_in", [True, False])
def test_on_a_full_disk_a_player_is_answered_as_ever(client, signed_in):
    episode = make_episode()
    if signed_in:
        client.force_login(make_user())
    address = reverse("playback:progress", args=[episode.movie_id, 1])
    body = {"position": 9, "duration": 20, "playing": True, "tab": "t", "number": 1}

    def no_room(execute, sql, *rest):
        if sql.startswith(("INSERT", "UPDATE")):
            raise OperationalError("database or disk is full")
        return execute(sql, *rest)

    with connection.execute_wrapper(no_room):
        answer = client.post(address, body, content_type="application/json")
    assert (answer.status_code, answer.json()["kind"]) == (200, "full")
    assert not Watch.objects.exists()
    client.post(address, body, content_type="application/json")
    assert Watch.objects.count() == 1


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


def test_viewers_seen_long_ago_are_forgotten(django_assert_max_num_queries):
    episode, now, nobody = make_episode(), timezone.now(), AnonymousUser()
    for key, hours in (("a1", 7), ("a2", 5), ("a3", -7)):  # the last before the clock was set back
        _send(episode, viewer=nobody, key=key, at=now - timedelta(hours=hours))
    with django_assert_max_num_queries(4):
        assert services.forget_lapsed(at=now) == 2
    assert [watch.viewer for watch in Watch.objects.all()] == ["a2"]


def test_an_erased_account_leaves_no_trace():
    user, other, episode = make_user(), make_user(), make_episode()
    for viewer in (user, other):
        _watch(episode, seconds=15, viewer=viewer, key=viewer_key(viewer))
    assert [view["episode"] for view in data_export.export(user=user)["views"]] == [episode.pk]
    data_export.erase(user=user)
    assert [watch.viewer for watch in Watch.objects.all()] == [viewer_key(other)]
    assert [row.user for row in Progress.objects.all()] == [other]
    assert movies.flush_plays() == 2


def test_the_history_forgets_and_the_view_still_counts_once():
    user, episode, now = make_user(), make_episode(), timezone.now()
    _watch(episode, seconds=15, viewer=user, start=now)
    services.clear_history(user=user)
    _watch(episode, seconds=30, viewer=user, start=now + timedelta(minutes=1))
    assert movies.flush_plays() == 1
